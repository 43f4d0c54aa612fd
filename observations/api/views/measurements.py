"""Measurements in and out: every reading that is sent gets an answer."""

from collections.abc import Sequence
from typing import Any, ClassVar

from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from clinical_engine.api.parsers import BulkBytesParser
from clinical_engine.api.problems import ItemError, problem_response
from clinical_engine.api.schema import problem_reply
from clinical_engine.api.scopes import access_of
from clinical_engine.common.errors import Refusal, RefusedError
from observations import intake, selectors
from observations.api import examples
from observations.api import serializers as shapes
from observations.api.decoding import DecodedItem, decode_measurements
from observations.api.lists import list_parameters, page_response, query_of
from observations.models import MeasurementSource


class MeasurementsView(APIView):
    """Measurements: every reading that is sent gets an answer."""

    parser_classes = [BulkBytesParser]
    required_scopes: ClassVar = {"GET": "measurements:read", "POST": "measurements:write"}

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
        body: object = request.data
        if not isinstance(body, bytes):
            raise RefusedError(Refusal("body", "missing", "A JSON body is required."))
        organisation_id, items = decode_measurements(body)
        access = access_of(request)
        if organisation_id not in access.organisation_ids:
            raise RefusedError(
                Refusal("organisation", "unknown_organisation", "None that this key may act for.")
            )
        answers = intake.record_measurements(
            organisation_id=organisation_id,
            readings=[item.reading for item in items if item.reading is not None],
            source=MeasurementSource.API,
            api_client_id=access.api_client_id,
        )
        return _answer(items, _in_order(items, answers))

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
            request, query, rows, time_field="measured_at", shape=shapes.MeasurementSerializer
        )


def _in_order(items: Sequence[DecodedItem], answers: Sequence[intake.Answer]) -> list[intake.Answer]:
    remaining = iter(answers)
    return [
        next(remaining)
        if item.refusal is None
        else intake.Answer(intake.Outcome.REFUSED, refusals=(item.refusal,))
        for item in items
    ]


def _answer(items: Sequence[DecodedItem], answers: Sequence[intake.Answer]) -> Response:
    errors = [
        ItemError(refusal, position, item.client_id)
        for position, (item, answer) in enumerate(zip(items, answers, strict=True))
        for refusal in _refusals_of(answer)
    ]
    results = [_result(item, answer) for item, answer in zip(items, answers, strict=True)]
    if not errors:
        return Response({"results": results}, status=202)
    refused = sum(answer.outcome is intake.Outcome.REFUSED for answer in answers)
    conflicts = sum(answer.outcome is intake.Outcome.CONFLICT for answer in answers)
    detail = (
        f"{refused} of {len(items)} readings refused, {conflicts} in conflict with what their client_id stood for before;"
        " the others are stored. See results."
    )
    status, kind = (422, "readings-refused") if refused else (409, "client-id-conflict")
    return problem_response(status, kind, detail, errors, results=results)


def _refusals_of(answer: intake.Answer) -> Sequence[Refusal]:
    if answer.outcome is intake.Outcome.CONFLICT:
        return [
            Refusal("client_id", "conflict", "Was used before with other content. The first content stands.")
        ]
    return answer.refusals


def _result(item: DecodedItem, answer: intake.Answer) -> dict[str, Any]:
    result: dict[str, Any] = {
        "client_id": item.client_id,
        "outcome": answer.outcome,
        "measurement": answer.measurement_id,
    }
    if refusals := _refusals_of(answer):
        result["errors"] = [ItemError(refusal).as_json() for refusal in refusals]
    return result
