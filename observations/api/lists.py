"""What the lists of a patient's measurements and observations have in common: parameters, filters, pages."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from clinical_engine.api.fields import InstantField
from clinical_engine.api.pagination import MAX_PAGE_SIZE, PAGE_SIZE, address_of, page_of
from clinical_engine.api.parameters import check_parameters


class ListQuerySerializer(serializers.Serializer[Any]):
    """The parameters of a list. Describes and checks them."""

    patient = serializers.UUIDField()
    code = serializers.CharField(required=False)
    since = InstantField(required=False)
    until = InstantField(required=False)
    cursor = serializers.UUIDField(required=False)
    page_size = serializers.IntegerField(min_value=1, max_value=MAX_PAGE_SIZE, default=PAGE_SIZE)


def list_parameters(time: str) -> list[OpenApiParameter]:
    """The OpenAPI side of `ListQuerySerializer`; `time` says which time of a row `since` and `until` compare."""
    return [
        OpenApiParameter("patient", OpenApiTypes.UUID, required=True, description="The patient's id here"),
        OpenApiParameter("code", str, description="Only rows of this code"),
        OpenApiParameter("since", datetime, description=f"Only rows {time} at or after; with a time zone"),
        OpenApiParameter("until", datetime, description=f"Only rows {time} before; with a time zone"),
        OpenApiParameter("cursor", OpenApiTypes.UUID, description="From the `next` of the page before"),
        OpenApiParameter(
            "page_size", {"type": "integer", "minimum": 1, "maximum": MAX_PAGE_SIZE, "default": PAGE_SIZE}
        ),
    ]


def query_of(
    request: Request, shape: type[serializers.Serializer[Any]] = ListQuerySerializer
) -> dict[str, Any]:
    """The request's parameters. Raises ValidationError, or RefusedError for one that the list does not have, or that comes twice.

    A misspelt filter that is passed over would show rows that were not asked for, and so would one without a value.
    """
    # As a plain mapping: of what it takes for a form the framework passes over each field that is empty.
    query = shape(data=request.query_params.dict())
    check_parameters(request.query_params, query.fields.keys())
    query.is_valid(raise_exception=True)
    return dict(query.validated_data)


def page_response(
    request: Request,
    query: dict[str, Any],
    rows: QuerySet[Any],
    *,
    time_field: str,
    shape: type[serializers.Serializer[Any]],
    **filters: object,
) -> Response:
    """One page of a patient's `rows`: those of the query's code and times, and for which `filters` hold."""
    after: UUID | None = query.get("cursor")
    lookups = {"code": "code__code", "since": f"{time_field}__gte", "until": f"{time_field}__lt"}
    asked = {lookup: query[name] for name, lookup in lookups.items() if name in query}
    page = page_of(
        rows.filter(**asked, **filters), of=rows, time_field=time_field, after=after, size=query["page_size"]
    )
    return Response(
        {"next": address_of(request, page.next), "results": shape(page.rows, many=True).data},
    )
