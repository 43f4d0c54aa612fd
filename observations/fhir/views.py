"""The endpoints of FHIR."""

from http import HTTPStatus
from typing import ClassVar
from uuid import UUID

from django.http import Http404, HttpRequest, JsonResponse
from django.urls import reverse
from django.views.decorators.csrf import csrf_exempt
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param

from clinical_engine.api.decoding import body_of
from clinical_engine.api.idempotency import idempotent
from clinical_engine.api.scopes import access_of
from observations.catalogue import catalogue
from observations.fhir import pages
from observations.fhir.answering import answer_to
from observations.fhir.capability import capability_statement
from observations.fhir.formats import MEDIA_TYPE, FhirView, plain_problem
from observations.fhir.frames import decode_bundle
from observations.fhir.outcomes import Json, issue, outcome_of
from observations.fhir.receiving import receive
from observations.fhir.resources import resource_of
from observations.fhir.searching import CURSOR, search_of
from observations.fhir.terms import OUTCOMES

_READ_COMPUTED = "observations:read"
_LEFT_OUT = "Computed Observations are left out: this key does not have the scope observations:read."


# FHIR describes itself, by its CapabilityStatement.
@extend_schema(exclude=True)
class BundleView(FhirView):
    """Bundles of Observations in."""

    required_scopes: ClassVar = {"POST": "measurements:write"}

    @idempotent
    def post(self, request: Request) -> Response:
        """Store the measurements of a batch or a transaction."""
        bundle = decode_bundle(body_of(request))
        return answer_to(bundle.type, receive(bundle, access_of(request)))


@extend_schema(exclude=True)
class ObservationsView(FhirView):
    """A patient's Observations, measured and computed."""

    required_scopes: ClassVar = {"GET": "measurements:read"}

    def get(self, request: Request) -> Response:
        """A page of them, the latest first; none of a patient that this key may not see."""
        search, access = search_of(request.query_params), access_of(request)
        with_computed = _READ_COMPUTED in access.scopes
        found = pages.find(search, access.organisation_ids, with_computed=with_computed)
        codes = catalogue()
        entries = [_match(request, resource_of(row, codes)) for row in found.rows]
        if not with_computed:
            entries.append(_left_out())
        bundle: Json = {
            "resourceType": "Bundle",
            "type": "searchset",
            "link": _links(request, found.next),
        }
        # FHIR has no empty lists.
        return Response(bundle | ({"entry": entries} if entries else {}))


@extend_schema(exclude=True)
class ObservationView(FhirView):
    """One Observation."""

    required_scopes: ClassVar = {"GET": "measurements:read"}

    def get(self, request: Request, row_id: UUID) -> Response:
        """The Observation, held, replaced or superseded ones as well. Raises Http404."""
        access = access_of(request)
        row = pages.one(row_id, access.organisation_ids, with_computed=_READ_COMPUTED in access.scopes)
        if row is None:
            raise Http404
        return Response(resource_of(row, catalogue()))


@csrf_exempt
def metadata(request: HttpRequest) -> JsonResponse:
    """The CapabilityStatement. For everybody, as FHIR has it: it says how to ask for more."""
    if request.method not in {"GET", "HEAD"}:
        answer = plain_problem(HTTPStatus.METHOD_NOT_ALLOWED, "method-not-allowed", "It is only read.")
        answer["Allow"] = "GET, HEAD"
        return answer
    base = request.build_absolute_uri(reverse("fhir")).rstrip("/")
    return JsonResponse(capability_statement(base), content_type=MEDIA_TYPE)


def _match(request: Request, resource: Json) -> Json:
    address = request.build_absolute_uri(reverse("fhir-observation", args=[resource["id"]]))
    return {"fullUrl": address, "resource": resource, "search": {"mode": "match"}}


def _left_out() -> Json:
    left_out = issue("warning", "suppressed", _LEFT_OUT, system=OUTCOMES, code="computed-left-out")
    return {"resource": outcome_of([left_out]), "search": {"mode": "outcome"}}


def _links(request: Request, cursor: UUID | None) -> list[Json]:
    here = request.build_absolute_uri()
    links = [{"relation": "self", "url": here}]
    if cursor is not None:
        links.append({"relation": "next", "url": replace_query_param(here, CURSOR, str(cursor))})
    return links
