"""Measurements in and out, observations out, and everything about a patient."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from django.http import Http404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from clinical_engine.api.fields import InstantField
from clinical_engine.api.pagination import ByAsOf, ByMeasuredAt, NewestFirstPages
from clinical_engine.api.parsers import BulkBytesParser
from clinical_engine.api.problems import ItemError, problem_response
from clinical_engine.api.schema import problem_reply
from clinical_engine.api.scopes import access_of
from clinical_engine.common.errors import Refusal, RefusedError
from observations import intake, selectors
from observations.api import serializers as shapes
from observations.api.decoding import DecodedItem, decode_measurements
from observations.api.patients import describe_patient
from observations.models import MeasurementSource
from patients.models import Patient
from patients.selectors import patient_by_external_id, patient_for

PATIENT = OpenApiParameter("patient", OpenApiTypes.UUID, required=True, description="The patient's id here")
PAGING = [OpenApiParameter("cursor", str), OpenApiParameter("page_size", int, description="At most 1,000")]


class _ListQuery(serializers.Serializer[Any]):
    patient = serializers.UUIDField()
    code = serializers.CharField(required=False)
    since = InstantField(required=False)
    until = InstantField(required=False)
    superseded = serializers.BooleanField(required=False)


def _query_of(request: Request) -> dict[str, Any]:
    query = _ListQuery(data=request.query_params)
    query.is_valid(raise_exception=True)
    return dict(query.validated_data)


def _page(
    request: Request, view: APIView, rows: Any, pages: NewestFirstPages, shape: type[serializers.Serializer[Any]]  # noqa: ANN401 - a QuerySet of either model
) -> Response:
    page = pages.paginate_queryset(rows, request, view=view)
    return pages.get_paginated_response(shape(page, many=True).data)


def _list_parameters(time: str) -> list[OpenApiParameter]:
    return [
        PATIENT,
        OpenApiParameter("code", str),
        OpenApiParameter("since", datetime, description=f"{time} at or after"),
        OpenApiParameter("until", datetime, description=f"{time} before"),
        *PAGING,
    ]


class MeasurementsView(APIView):
    """Measurements: every reading that is sent gets an answer."""

    parser_classes: ClassVar = [BulkBytesParser]
    required_scopes: ClassVar = {"GET": "measurements:read", "POST": "measurements:write"}

    @extend_schema(
        operation_id="send_measurements",
        request=shapes.MeasurementsRequestSerializer,
        responses={
            202: OpenApiResponse(shapes.MeasurementResultsSerializer, "Every reading is stored, or was before"),
            400: problem_reply("Not JSON"),
            409: OpenApiResponse(
                shapes.MeasurementsProblemSerializer, "Some client_ids were used before with other content; the others are stored"
            ),
            413: problem_reply("Body too large"),
            422: OpenApiResponse(
                shapes.MeasurementsProblemSerializer, "Some readings are refused, as `errors` says; the others are stored"
            ),
        },
    )
    def post(self, request: Request) -> Response:
        """Send 1 to 1,000 readings. `held` ones count as soon as their patient is linked."""
        if not isinstance(request.data, bytes):
            raise RefusedError(Refusal("body", "missing", "A JSON body is required."))
        organisation_id, items = decode_measurements(request.data)
        access = access_of(request)
        if organisation_id not in access.organisation_ids:
            raise RefusedError(Refusal("organisation", "unknown_organisation", "None that this key may act for."))
        answers = intake.record_measurements(
            organisation_id=organisation_id,
            readings=[item.reading for item in items if item.reading is not None],
            source=MeasurementSource.API,
            api_client_id=access.api_client_id,
        )
        return _answer(items, _in_order(items, answers))

    @extend_schema(
        operation_id="list_measurements",
        parameters=_list_parameters("Measured"),
        responses={200: shapes.MeasurementSerializer(many=True), 422: problem_reply("A parameter is not as described")},
    )
    def get(self, request: Request) -> Response:
        """A patient's measurements, the latest first."""
        query = _query_of(request)
        rows = selectors.measurements_for(access_of(request).organisation_ids, query["patient"])
        filters = {"code__code": "code", "measured_at__gte": "since", "measured_at__lt": "until"}
        rows = rows.filter(**{lookup: query[name] for lookup, name in filters.items() if name in query})
        return _page(request, self, rows, ByMeasuredAt(), shapes.MeasurementSerializer)


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
        return [Refusal("client_id", "conflict", "Was used before with other content. The first content stands.")]
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


class ObservationsView(APIView):
    """Scripted observations."""

    required_scopes: ClassVar = {"GET": "observations:read"}

    @extend_schema(
        operation_id="list_observations",
        parameters=[
            *_list_parameters("As of"),
            OpenApiParameter("superseded", bool, description="Also those that were superseded (default no)"),
        ],
        responses={200: shapes.ObservationSerializer(many=True), 422: problem_reply("A parameter is not as described")},
    )
    def get(self, request: Request) -> Response:
        """A patient's current observations, the latest first, each with the measurements it was computed from."""
        query = _query_of(request)
        rows = selectors.observations_for(access_of(request).organisation_ids, query["patient"])
        filters = {"code__code": "code", "as_of__gte": "since", "as_of__lt": "until"}
        rows = rows.filter(**{lookup: query[name] for lookup, name in filters.items() if name in query})
        if not query.get("superseded"):
            rows = rows.filter(superseded_at=None)
        return _page(request, self, rows, ByAsOf(), shapes.ObservationSerializer)


class PatientLookupView(APIView):
    """Finding a patient by the id that the vitals app knows."""

    required_scopes: ClassVar = {"POST": "patients:read"}

    @extend_schema(
        operation_id="look_up_patient",
        request=shapes.LookupRequestSerializer,
        responses={200: shapes.PatientSerializer, 404: problem_reply("No such patient"), 422: problem_reply("Refused")},
    )
    def post(self, request: Request) -> Response:
        """Find a patient: linked to whom, since when, what is held, and the last job."""
        query = shapes.LookupRequestSerializer(data=request.data)
        query.is_valid(raise_exception=True)
        organisation_id = query.validated_data["organisation"]
        if organisation_id not in access_of(request).organisation_ids:
            raise Http404
        return _patient_response(patient_by_external_id(organisation_id, query.validated_data["external_id"]))


class PatientView(APIView):
    """One patient."""

    required_scopes: ClassVar = {"GET": "patients:read"}

    @extend_schema(
        operation_id="get_patient",
        responses={200: shapes.PatientSerializer, 404: problem_reply("No such patient")},
    )
    def get(self, request: Request, patient_id: UUID) -> Response:
        """The patient: linked to whom, since when, what is held, and the last job."""
        return _patient_response(patient_for(access_of(request).organisation_ids, patient_id))


def _patient_response(patient: Patient | None) -> Response:
    if patient is None:
        raise Http404
    return Response(shapes.PatientSerializer(describe_patient(patient)).data)
