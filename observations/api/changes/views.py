"""The feed of changes."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, ClassVar
from uuid import UUID

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import remove_query_param, replace_query_param
from rest_framework.views import APIView

from clinical_engine.api.pagination import MAX_PAGE_SIZE, PAGE_SIZE
from clinical_engine.api.problems import problem_response
from clinical_engine.api.schema import problem_reply
from clinical_engine.api.scopes import access_of
from clinical_engine.common.errors import Refusal, RefusedError
from observations import selectors
from observations.api.changes.cursor import BeginAnewError, Cursor, cursor_of
from observations.api.lists import query_of
from observations.api.serializers.observations import ChangedObservationSerializer, ChangesSerializer
from observations.changes import BEGINNING, Horizon, Place, changes_after, horizon_of
from observations.models import Observation

_STARTS = ("beginning", "now")


class _QuerySerializer(serializers.Serializer[Any]):
    cursor = serializers.CharField(required=False, max_length=128)
    # The framework's own words repeat what was sent.
    start = serializers.ChoiceField(
        choices=_STARTS,
        required=False,
        error_messages={"invalid_choice": f"Must be {' or '.join(_STARTS)}."},
    )
    organisation = serializers.UUIDField(required=False)
    code = serializers.CharField(required=False)
    script = serializers.CharField(required=False)
    page_size = serializers.IntegerField(min_value=1, max_value=MAX_PAGE_SIZE, default=PAGE_SIZE)


_PARAMETERS = [
    OpenApiParameter("cursor", str, description="From the answer before"),
    OpenApiParameter(
        "start", str, enum=_STARTS, description="Where to begin without a cursor; the beginning unless said"
    ),
    OpenApiParameter(
        "organisation", OpenApiTypes.UUID, description="Only this one of the key's organisations"
    ),
    OpenApiParameter("code", str, description="Only results filed under this code"),
    OpenApiParameter(
        "script", str, description="Only results of the script of this name, which there must be"
    ),
    OpenApiParameter(
        "page_size",
        {"type": "integer", "minimum": 1, "maximum": MAX_PAGE_SIZE, "default": PAGE_SIZE},
        description="How many changes are looked at; a filter may leave fewer of them, or none",
    ),
]


class ObservationChangesView(APIView):
    """Observations, in the order in which they changed."""

    required_scopes: ClassVar = {"GET": "observations:read"}

    @extend_schema(
        operation_id="list_observation_changes",
        parameters=_PARAMETERS,
        responses={
            200: OpenApiResponse(ChangesSerializer, "Some of them, those that changed first coming first"),
            409: problem_reply(
                "`changes-begin-anew`: the cursor is of a database that was restored or replaced since. Begin without a cursor"
            ),
            422: problem_reply("A parameter is not as described"),
            503: problem_reply(
                "The database is away or busy, or was restored and is not ready for the feed yet. Try later"
            ),
        },
    )
    def get(self, request: Request) -> Response:
        """Every observation that was written or superseded since the cursor, of any patient of the key's organisations.

        One that is superseded later comes again, with the same id, as it is then. What commits late is not passed over, however
        late: everything behind it waits for it (`lag_seconds`).
        """
        query = query_of(request, _QuerySerializer)
        organisation_ids = _organisations(query, access_of(request).organisation_ids)
        _check_script(query, access_of(request).organisation_ids)
        horizon = horizon_of(organisation_ids)
        if horizon.is_of_another_life:
            return problem_response(
                503,
                "changes-not-ready",
                "The database was restored; its changes are not in order yet. Try later.",
            )
        try:
            place = _begin(query, horizon)
        except BeginAnewError as error:
            return problem_response(409, "changes-begin-anew", str(error))
        found = changes_after(place, horizon, organisation_ids, query["page_size"] + 1)
        return _answer(request, query, horizon, place, found)


def _organisations(query: Mapping[str, Any], allowed: Collection[UUID]) -> Collection[UUID]:
    asked: UUID | None = query.get("organisation")
    if asked is None:
        return allowed
    if asked not in allowed:
        raise RefusedError(Refusal("organisation", "unknown_organisation", "None that this key may act for."))
    return [asked]


def _check_script(query: Mapping[str, Any], allowed: Collection[UUID]) -> None:
    # A misspelt name would give an empty feed for ever.
    if "script" in query and not selectors.knows_script(query["script"], allowed):
        raise RefusedError(Refusal("script", "unknown_script", "There is no script of this name."))


def _begin(query: Mapping[str, Any], horizon: Horizon) -> Place:
    if "cursor" not in query:
        return horizon.end if query.get("start") == "now" else BEGINNING
    if "start" in query:
        raise RefusedError(Refusal("start", "cursor_and_start", "There is either a cursor or a start."))
    return cursor_of(query["cursor"]).place_in(horizon)


def _answer(
    request: Request, query: Mapping[str, Any], horizon: Horizon, place: Place, found: Sequence[Place]
) -> Response:
    given = found[: query["page_size"]]
    cursor = str(Cursor(horizon.system, horizon.timeline, given[-1] if given else place))
    here = replace_query_param(request.build_absolute_uri(), "cursor", cursor)
    return Response(
        {
            "cursor": cursor,
            "next": remove_query_param(here, "start"),
            "more": len(found) > len(given),
            "lag_seconds": horizon.lag_seconds,
            "results": ChangedObservationSerializer(_rows(query, given), many=True).data,
        }
    )


def _rows(query: Mapping[str, Any], found: Sequence[Place]) -> list[Observation]:
    """The results that changed, as they are now, in the feed's order."""
    lookups = {"code": "code__code", "script": "script__name"}
    asked = {lookup: query[name] for name, lookup in lookups.items() if name in query}
    rows = selectors.observations_by_id([change.row_id for change in found]).filter(**asked)
    order = {change.row_id: position for position, change in enumerate(found)}
    return sorted(rows, key=lambda row: order[row.pk])
