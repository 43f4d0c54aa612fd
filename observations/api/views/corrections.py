"""Saying that a measurement was entered in error."""

from typing import Any, ClassVar
from uuid import UUID

from django.http import Http404
from django.urls import reverse
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from clinical_engine.api.idempotency import idempotent
from clinical_engine.api.schema import problem_reply
from clinical_engine.api.scopes import Access, access_of
from clinical_engine.common.errors import Refusal, RefusedError
from observations import intake, selectors
from observations.api import examples
from observations.api import serializers as shapes
from observations.models import MeasurementSource
from patients.api.views.statements import LOCATION

_ANSWERS: dict[int, Any] = {
    202: OpenApiResponse(
        shapes.CorrectionAcceptedSerializer, "Stored for good; the job at `Location` brings it into effect"
    ),
    422: problem_reply("Refused: `errors` name the fields"),
}


class EnteredInErrorView(APIView):
    """One stored measurement, entered in error."""

    required_scopes: ClassVar = {"POST": "measurements:write"}

    @idempotent
    @extend_schema(
        operation_id="enter_in_error",
        request=shapes.EnteredInErrorRequestSerializer,
        examples=examples.ENTERED_IN_ERROR,
        parameters=[LOCATION],
        responses={**_ANSWERS, 404: problem_reply("No such measurement, or none that this key may see")},
    )
    def post(self, request: Request, measurement_id: UUID) -> Response:
        """Say that the measurement was entered in error: it counts no longer, and stays readable."""
        body = shapes.EnteredInErrorRequestSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        access = access_of(request)
        measurement = selectors.measurement_for(access.organisation_ids, measurement_id)
        if measurement is None:
            raise Http404
        return _accept(
            access, measurement.organisation_id, measurement.client_id, body.validated_data["reason"]
        )


class EnteredInErrorByClientIdView(APIView):
    """A measurement that may not be here yet, entered in error."""

    required_scopes: ClassVar = {"POST": "measurements:write"}

    @idempotent
    @extend_schema(
        operation_id="enter_in_error_by_client_id",
        request=shapes.EnteredInErrorByClientIdRequestSerializer,
        examples=examples.ENTERED_IN_ERROR_BY_CLIENT_ID,
        parameters=[LOCATION],
        responses=_ANSWERS,
    )
    def post(self, request: Request) -> Response:
        """The same by the measurement's own client_id. It may be sent before the measurement itself."""
        body = shapes.EnteredInErrorByClientIdRequestSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        access, said = access_of(request), body.validated_data
        if said["organisation"] not in access.organisation_ids:
            raise RefusedError(
                Refusal("organisation", "unknown_organisation", "None that this key may act for.")
            )
        return _accept(access, said["organisation"], said["client_id"], said["reason"])


def _accept(access: Access, organisation_id: UUID, client_id: str, reason: str) -> Response:
    answer = intake.enter_in_error(
        organisation_id=organisation_id,
        client_id=client_id,
        reason=reason,
        sender=intake.Sender(MeasurementSource.API, access.api_client_id),
    )
    return Response(
        {"outcome": "accepted" if answer.is_new else "duplicate", "job": answer.job_id},
        status=202,
        headers={"Location": reverse("job", args=[answer.job_id])},
    )
