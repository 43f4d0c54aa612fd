"""Facts in, and saying that they were entered in error."""

from collections.abc import Sequence
from typing import ClassVar
from uuid import UUID

from django.http import Http404
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from clinical_engine.api.decoding import Decoded, body_of
from clinical_engine.api.idempotency import idempotent
from clinical_engine.api.parsers import BulkBytesParser
from clinical_engine.api.refused_requests import tell_of_items
from clinical_engine.api.results import REFUSED, ItemResult, results_response
from clinical_engine.api.scopes import Access, access_of
from clinical_engine.common.errors import Refusal, RefusedError
from patients.api.facts import serializers as shapes
from patients.api.facts.decoding import FactItem, decode_facts
from patients.api.facts.description import in_error, in_error_by_client_id, send_facts
from patients.models import FactSource
from patients.selectors import fact_for
from patients.services import Acceptance, Refused
from patients.services.facts import FactAnswer, FactOrigin, NewFact, enter_fact_in_error, record_facts


class _FactResult(ItemResult, kw_only=True, gc=False):
    """What became of one fact."""

    fact: UUID | None = None
    patient: UUID | None = None


class FactsView(APIView):
    """Facts about patients: every one that is sent gets an answer."""

    parser_classes = [BulkBytesParser]
    required_scopes: ClassVar = {"POST": "facts:write"}

    @idempotent
    @send_facts
    def post(self, request: Request) -> Response:
        """Send 1 to 1,000 facts: sex, birth year and SpO2 scale, each from a time on."""
        access = access_of(request)
        organisation_id, items = decode_facts(body_of(request))
        _refuse_unknown(access, organisation_id)
        answers = record_facts(
            organisation_id=organisation_id,
            facts=[_said(decoded.item) for decoded in items if decoded.item is not None],
            origin=FactOrigin(FactSource.API, access.api_client_id),
        )
        results = _results(items, answers)
        tell_of_items(access, organisation_id, results)
        return results_response("facts", results)


class FactInErrorView(APIView):
    """One stored fact, entered in error."""

    required_scopes: ClassVar = {"POST": "facts:write"}

    @idempotent
    @in_error
    def post(self, request: Request, fact_id: UUID) -> Response:
        """Say that the fact was entered in error: it counts no longer, and stays readable."""
        body = shapes.FactInErrorRequestSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        access = access_of(request)
        fact = fact_for(access.organisation_ids, fact_id)
        if fact is None:
            raise Http404
        return _accept(access, fact.organisation_id, fact.client_id, body.validated_data["reason"])


class FactInErrorByClientIdView(APIView):
    """A fact that may not be here yet, entered in error."""

    required_scopes: ClassVar = {"POST": "facts:write"}

    @idempotent
    @in_error_by_client_id
    def post(self, request: Request) -> Response:
        """The same by the fact's own client_id. It may be sent before the fact itself."""
        body = shapes.FactInErrorByClientIdRequestSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        access, said = access_of(request), body.validated_data
        _refuse_unknown(access, said["organisation"])
        return _accept(access, said["organisation"], said["client_id"], said["reason"])


def _refuse_unknown(access: Access, organisation_id: UUID) -> None:
    if organisation_id not in access.organisation_ids:
        raise RefusedError(Refusal("organisation", "unknown_organisation", "None that this key may act for."))


def _said(item: FactItem) -> NewFact:
    return NewFact(item.client_id, item.external_id, item.name, item.value, item.effective_from)


def _results(items: Sequence[Decoded[FactItem]], answers: Sequence[FactAnswer]) -> list[_FactResult]:
    remaining = iter(answers)
    return [
        _result(item.client_id, Refused((item.refusal,)) if item.refusal else next(remaining))
        for item in items
    ]


def _result(client_id: str | None, answer: FactAnswer) -> _FactResult:
    if isinstance(answer, Refused):
        return _FactResult(client_id=client_id, outcome=REFUSED, errors=answer.refusals)
    return _FactResult(
        client_id=client_id, outcome=answer.outcome, fact=answer.fact_id, patient=answer.patient_id
    )


def _accept(access: Access, organisation_id: UUID, client_id: str, reason: str) -> Response:
    origin = FactOrigin(FactSource.API, access.api_client_id, reason=reason)
    is_new = enter_fact_in_error(organisation_id=organisation_id, client_id=client_id, origin=origin)
    return Response({"outcome": Acceptance.ACCEPTED if is_new else Acceptance.DUPLICATE}, status=202)
