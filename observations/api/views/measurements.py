"""Measurements in and out: every reading that is sent gets an answer."""

from collections.abc import Sequence
from typing import ClassVar
from uuid import UUID

from drf_spectacular.utils import OpenApiResponse, extend_schema
from msgspec import UNSET, UnsetType
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from clinical_engine.api.decoding import body_of
from clinical_engine.api.idempotency import idempotent
from clinical_engine.api.parsers import BulkBytesParser
from clinical_engine.api.results import ItemResult, results_response
from clinical_engine.api.schema import problem_reply
from clinical_engine.api.scopes import Access, access_of
from clinical_engine.common.errors import Refusal, RefusedError
from observations import intake, selectors
from observations.api import examples
from observations.api import serializers as shapes
from observations.api.decoding import DecodedItem, decode_measurements
from observations.api.lists import list_parameters, page_response, query_of
from observations.api.readout import with_catalogue
from observations.models import MeasurementSource


class MeasurementsView(APIView):
    """Measurements: every reading that is sent gets an answer."""

    parser_classes = [BulkBytesParser]
    required_scopes: ClassVar = {"GET": "measurements:read", "POST": "measurements:write"}

    @idempotent
    @extend_schema(
        operation_id="send_measurements",
        request=shapes.MeasurementsRequestSerializer,
        examples=examples.MEASUREMENTS,
        responses={
            202: OpenApiResponse(
                shapes.MeasurementResultsSerializer, "Every reading is stored, or was before"
            ),
            409: OpenApiResponse(
                shapes.MeasurementsProblemSerializer,
                "Some client_ids were used before with other content; the others are stored",
            ),
            422: OpenApiResponse(
                shapes.MeasurementsProblemSerializer,
                "With `results`: some readings are refused, as `errors` says, the others are stored. Without: the request"
                " as a whole is refused",
            ),
        },
    )
    def post(self, request: Request) -> Response:
        """Send 1 to 1,000 readings. `held` ones count as soon as their patient is linked."""
        access = access_of(request)
        organisation_id, items = _read(request, access)
        answers = intake.record_measurements(
            organisation_id=organisation_id,
            readings=[item.reading for item in items],
            sender=intake.Sender(MeasurementSource.API, access.api_client_id),
        )
        results = [_result(item.client_id, answer) for item, answer in zip(items, answers, strict=True)]
        return results_response("readings", results)

    @extend_schema(
        operation_id="list_measurements",
        parameters=list_parameters("measured"),
        responses={
            200: OpenApiResponse(shapes.MeasurementPageSerializer, "Some of them, the latest first"),
            422: problem_reply("A parameter is not as described"),
        },
    )
    def get(self, request: Request) -> Response:
        """A patient's measurements, the latest first; none of a patient that this key may not see."""
        query = query_of(request)
        rows = selectors.measurements_for(access_of(request).organisation_ids, query["patient"])
        return page_response(
            request,
            query,
            with_catalogue(rows),
            time_field="measured_at",
            shape=shapes.MeasurementSerializer,
        )


def _read(request: Request, access: Access) -> tuple[UUID, Sequence[DecodedItem]]:
    organisation_id, items = decode_measurements(body_of(request))
    if organisation_id not in access.organisation_ids:
        raise RefusedError(Refusal("organisation", "unknown_organisation", "None that this key may act for."))
    return organisation_id, items


class _Result(ItemResult, kw_only=True, gc=False):
    """What became of one reading."""

    measurement: str | None = None
    flags: Sequence[str] | UnsetType = UNSET


_IMPLAUSIBLE = ("implausible",)


def _result(client_id: str | None, answer: intake.Answer) -> _Result:
    return _Result(
        client_id=client_id,
        outcome=answer.outcome,
        errors=answer.refusals or UNSET,
        measurement=answer.measurement_id,
        flags=_IMPLAUSIBLE if answer.is_implausible else UNSET,
    )
