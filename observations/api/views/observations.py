"""Observations out."""

from typing import Any, ClassVar

from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from clinical_engine.api.schema import problem_reply
from clinical_engine.api.scopes import access_of
from observations import selectors
from observations.api import serializers as shapes
from observations.api.lists import ListQuerySerializer, list_parameters, page_response, query_of


class _ObservationsQuerySerializer(ListQuerySerializer):
    script = serializers.CharField(required=False)
    superseded = serializers.BooleanField(required=False)


class ObservationsView(APIView):
    """Scripted observations."""

    required_scopes: ClassVar = {"GET": "observations:read"}

    @extend_schema(
        operation_id="list_observations",
        parameters=[
            *list_parameters("as of a time"),
            OpenApiParameter("script", str, description="Only results of the script of this name"),
            OpenApiParameter("superseded", bool, description="Also those that were superseded (default no)"),
        ],
        responses={
            200: OpenApiResponse(shapes.ObservationPageSerializer, "Some of them, the latest first"),
            422: problem_reply("A parameter is not as described"),
        },
    )
    def get(self, request: Request) -> Response:
        """A patient's current observations, the latest first, each with all that it was computed from.

        None of a patient that this key may not see.
        """
        query = query_of(request, _ObservationsQuerySerializer)
        rows = selectors.observations_for(access_of(request).organisation_ids, query["patient"])
        filters: dict[str, Any] = {} if query.get("superseded") else {"superseded_at": None}
        if "script" in query:
            filters["script__name"] = query["script"]
        return page_response(
            request, query, rows, time_field="as_of", shape=shapes.ObservationSerializer, **filters
        )
