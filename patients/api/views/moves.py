"""Moves from one submitter to another."""

from typing import ClassVar

from django.urls import reverse
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from clinical_engine.api.idempotency import idempotent
from clinical_engine.api.schema import problem_reply
from clinical_engine.api.scopes import access_of
from clinical_engine.common.errors import ClientIdConflictError
from patients import services
from patients.api import examples
from patients.api.serializers import MoveReplySerializer, MoveRequestSerializer
from patients.api.submitters import submitter_of
from patients.api.views.statements import LOCATION
from patients.models import StatementSource


class MovesView(APIView):
    """Patients who leave one submitter and join another."""

    required_scopes: ClassVar = {"POST": "activations:write"}

    @idempotent
    @extend_schema(
        operation_id="move",
        description="States that a patient is inactive with one submitter and active with another of the same organisation"
        " since a time. Accepted means that both statements are stored for good; the job at `Location` lands both.",
        request=MoveRequestSerializer,
        examples=examples.MOVE,
        parameters=[LOCATION],
        responses={
            202: OpenApiResponse(MoveReplySerializer, "Accepted, or a duplicate of what was accepted before"),
            409: problem_reply("The client_id was used before with other content; nothing was stored"),
            422: problem_reply("Refused: `errors` name the fields"),
        },
    )
    def post(self, request: Request) -> Response:
        """Accept that a patient moves."""
        serializer = MoveRequestSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        data = serializer.validated_data
        access = access_of(request)
        moved = services.move(
            from_submitter=submitter_of(access, data["from_submitter"], "from_submitter"),
            to_submitter=submitter_of(access, data["to_submitter"], "to_submitter"),
            statement=services.NewStatement(data["client_id"], data["external_id"], data["effective_at"]),
            origin=services.Origin(StatementSource.API, api_client_id=access.api_client_id),
        )
        if moved.outcome is services.Acceptance.CONFLICT:
            raise ClientIdConflictError
        return Response(
            MoveReplySerializer(moved).data,
            status=202,
            headers={"Location": reverse("job", args=[moved.joined.job_id])},
        )
