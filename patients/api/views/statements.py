"""One statement about one patient."""

from collections.abc import Callable, Sequence
from typing import ClassVar

from django.urls import reverse
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from clinical_engine.api.idempotency import idempotent
from clinical_engine.api.schema import problem_reply
from clinical_engine.api.scopes import access_of
from clinical_engine.common.errors import ClientIdConflictError
from patients import services
from patients.api import examples
from patients.api.serializers import StatementReplySerializer, StatementRequestSerializer
from patients.api.submitters import submitter_of
from patients.models import StatementSource

Accept = Callable[..., Sequence[services.Accepted]]
LOCATION = OpenApiParameter(
    "Location", str, OpenApiParameter.HEADER, required=True, response=[202], description="The job to poll"
)


def statement_schema(
    operation_id: str, what: str
) -> Callable[[Callable[..., Response]], Callable[..., Response]]:
    """The OpenAPI description that both endpoints share."""
    return extend_schema(
        operation_id=operation_id,
        description=f"{what} Accepted means stored for good; the job at `Location` links or unlinks the patient.",
        request=StatementRequestSerializer,
        examples=examples.STATEMENT,
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
        submitter = submitter_of(access, data["submitter"])
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

    @idempotent
    @statement_schema("activate", "States that a patient is active with a submitter since a time.")
    def post(self, request: Request) -> Response:
        """Accept that a patient is active."""
        return self.accept_statement(request)


class DeactivationsView(_StatementView):
    """Patients becoming inactive with a submitter."""

    accept = staticmethod(services.deactivate)

    @idempotent
    @statement_schema("deactivate", "States that a patient is inactive with a submitter since a time.")
    def post(self, request: Request) -> Response:
        """Accept that a patient is inactive."""
        return self.accept_statement(request)
