"""A Bundle received: each entry gets its answer whatever becomes of the others, or all of it is stored or nothing."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

import msgspec
from django.db import transaction

from clinical_engine.api.scopes import Access
from observations.catalogue import Catalogue, catalogue
from observations.fhir.decoding import concept_of, decode
from observations.fhir.elements import Concept, Sent
from observations.fhir.faults import Fault, join
from observations.fhir.frames import Bundle, resource_of
from observations.fhir.interpreting import Meaning, meaning_of
from observations.fhir.repeating import fault_of_repeated_element
from observations.fhir.storing import Result, store
from observations.fhir.subjects import referenced_patients, subject_of
from observations.intake import Sender
from observations.models import MeasurementSource


@dataclass(frozen=True, slots=True)
class Received:
    """A result for each entry, in order; `is_stored` is False of a transaction of which an entry was bad."""

    results: Sequence[Result]
    is_stored: bool


def receive(bundle: Bundle, access: Access) -> Received:
    """Store what the entries mean, by the same intake as everything else.

    Of a batch whatever is good is stored; of a transaction all of it or, when an entry is refused or in conflict, nothing. What
    was refused is counted either way. The number of statements depends on nothing but the number of organisations.
    """
    codes = catalogue()
    sender = Sender(MeasurementSource.FHIR, access.api_client_id)
    meanings = _by_organisation(_meanings(bundle, access, codes), access)
    with transaction.atomic():
        # In order: two requests of several organisations would deadlock.
        parts = [store(each, meanings[each], sender) for each in sorted(meanings, key=str)]
        results = {position: result for part in parts for position, result in part.results.items()}
        is_stored = bundle.type == "batch" or not any(result.is_bad for result in results.values())
        transaction.set_rollback(not is_stored)
    if not is_stored:
        for part in parts:
            part.count_refusals(sender, codes)
    return Received([results[position] for position in range(len(bundle.entry))], is_stored)


def _meanings(bundle: Bundle, access: Access, codes: Catalogue) -> list[Meaning]:
    sent = [_sent(raw) for raw in bundle.entry]
    patients = referenced_patients(access, sent)
    return [
        Meaning(each, _concept_in(raw))
        if isinstance(each, Fault)
        else meaning_of(each, subject_of(each.observation.subject, access, patients), codes)
        for raw, each in zip(bundle.entry, sent, strict=True)
    ]


def _sent(raw: msgspec.Raw) -> Sent | Fault:
    resource = resource_of(raw)
    if isinstance(resource, Fault):
        return resource
    if (repeated := fault_of_repeated_element(bytes(raw))) is not None:
        return repeated
    decoded = decode(resource)
    if isinstance(decoded, Fault):
        return Fault(decoded.refusal, join("resource", decoded.path))
    return decoded


def _concept_in(raw: msgspec.Raw) -> Concept:
    resource = resource_of(raw)
    return Concept() if isinstance(resource, Fault) else concept_of(resource)


def _by_organisation(
    meanings: Sequence[Meaning], access: Access
) -> Mapping[UUID | None, Mapping[int, Meaning]]:
    found: dict[UUID | None, dict[int, Meaning]] = defaultdict(dict)
    # Whom it is about cannot always be told: it is counted as the organisation's whose it can only be.
    only = next(iter(access.organisation_ids)) if len(access.organisation_ids) == 1 else None
    for position, meaning in enumerate(meanings):
        found[meaning.organisation_id or only][position] = meaning
    return found
