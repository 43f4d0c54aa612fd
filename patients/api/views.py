"""Statements by the vitals app."""

from collections.abc import Callable, Sequence
from typing import ClassVar

from django.urls import reverse
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from clinical_engine.api.schema import problem_reply
from clinical_engine.api.scopes import access_of
from clinical_engine.common.errors import ClientIdConflictError, Refusal, RefusedError
from patients import services
from patients.api.serializers import StatementReplySerializer, StatementRequestSerializer
from patients.models import StatementSource
from submitters.selectors import submitter_for

Accept = Callable[..., Sequence[services.Accepted]]
LOCATION = OpenApiParameter(
    "Location", str, OpenApiParameter.HEADER, required=True, response=[202], description="The job to poll"
)

_EXAMPLE = OpenApiExample(
    "A patient of a programme",
    value={
        "client_id": "enrolment-2026-000123",
        "submitter": "019a2b3c-4d5e-7f60-8a9b-0c1d2e3f4a5c",
        "external_id": "patient-4711",
        "effective_at": "2026-03-01T09:00:00+01:00",
    },
    request_only=True,
)
_EXAMPLE_REPLY = OpenApiExample(
    "Stored now",
    value={
        "outcome": "accepted",
        "statement": "019a2b3c-4d5e-7f60-8a9b-0c1d2e3f4a60",
        "patient": "019a2b3c-4d5e-7f60-8a9b-0c1d2e3f4a5d",
        "job": "019a2b3c-4d5e-7f60-8a9b-0c1d2e3f4a5e",
    },
    response_only=True,
    status_codes=["202"],
)


def statement_schema(
    operation_id: str, what: str
) -> Callable[[Callable[..., Response]], Callable[..., Response]]:
    """The OpenAPI description that both endpoints share."""
    return extend_schema(
        operation_id=operation_id,
        description=f"{what} Accepted means stored for good; the job at `Location` links or unlinks the patient.",
        request=StatementRequestSerializer,
        examples=[_EXAMPLE, _EXAMPLE_REPLY],
        parameters=[LOCATION],
        responses={
            202: OpenApiResponse(
                StatementReplySerializer, "Accepted, or a duplicate of what was accepted before"
            ),
            409: problem_reply("The client_id was used before with other content"),
            422: problem_reply("Refused: `errors` name the fields"),
        },
    )


class _StatementView(APIView):
    required_scopes: ClassVar = {"POST": "activations:write"}
    accept: ClassVar[Accept]

    def accept_statement(self, request: Request) -> Response:
        serializer = StatementRequestSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        data = serializer.validated_data
        access = access_of(request)
        submitter = submitter_for(access.organisation_ids, data["submitter"])
        if submitter is None:
            raise RefusedError(
                Refusal("submitter", "unknown_submitter", "No submitter that this key may act for.")
            )
        statement = services.NewStatement(data["client_id"], data["external_id"], data["effective_at"])
        origin = services.Origin(StatementSource.API, api_client_id=access.api_client_id)
        [answer] = self.accept(submitter=submitter, statements=[statement], origin=origin)
        if answer.outcome is services.Acceptance.CONFLICT:
            raise ClientIdConflictError
        return Response(
            {
                "outcome": answer.outcome,
                "statement": answer.statement_id,
                "patient": answer.patient_id,
                "job": answer.job_id,
            },
            status=202,
            headers={"Location": reverse("job", args=[answer.job_id])},
        )


class ActivationsView(_StatementView):
    """Patients becoming active with a submitter."""

    accept = staticmethod(services.activate)

    @statement_schema("activate", "States that a patient is active with a submitter since a time.")
    def post(self, request: Request) -> Response:
        """Accept that a patient is active."""
        return self.accept_statement(request)


class DeactivationsView(_StatementView):
    """Patients becoming inactive with a submitter."""

    accept = staticmethod(services.deactivate)

    @statement_schema("deactivate", "States that a patient is inactive with a submitter since a time.")
    def post(self, request: Request) -> Response:
        """Accept that a patient is inactive."""
        return self.accept_statement(request)
