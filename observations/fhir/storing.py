"""What the entries of one organisation mean, done by the intake; and what became of each."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

import msgspec

from clinical_engine.common.database import array_literal, fetch_all
from clinical_engine.common.errors import Refusal
from clinical_engine.common.identifiers import new_id
from observations.catalogue import Catalogue
from observations.catalogue.reading import kept_catalogue
from observations.fhir.faults import Fault, join
from observations.fhir.interpreting import Meaning, Retraction, path_of
from observations.fhir.values import code_of
from observations.intake import Answer, Outcome, Sender, record_measurements, refusals
from observations.intake.corrections import note_errors
from observations.readings import Reading, Unread

# Beside the outcomes of measurements.
RETRACTED, RETRACTED_BEFORE = "retracted", "retracted-before"
_BAD = frozenset((Outcome.REFUSED.value, Outcome.CONFLICT.value))
_IN_CONFLICT = Refusal(
    "client_id", "conflict", "Was used before with other content. The first content stands."
)


class Result(msgspec.Struct, frozen=True, gc=False):
    """What became of one entry; the faults' paths are below the entry. `ignored` are the elements that were not kept."""

    outcome: str
    ignored: tuple[str, ...] = ()
    measurement_id: str | None = None
    faults: tuple[Fault, ...] = ()
    is_implausible: bool = False

    @property
    def is_bad(self) -> bool:
        """Whether the entry was not taken as it was sent."""
        return self.outcome in _BAD


@dataclass(frozen=True, slots=True)
class Stored:
    """What became of the entries of one organisation, by their position; and what the intake made of its readings."""

    organisation_id: UUID | None
    results: Mapping[int, Result]
    readings: Sequence[Reading | Unread]
    answers: Sequence[Answer]

    def count_refusals(self, sender: Sender, codes: Catalogue) -> None:
        """Count anew what was refused, when what the intake did was rolled back."""
        if any(answer.refusals for answer in self.answers):
            answers = dict(enumerate(self.answers))
            refusals.count(self.organisation_id, sender.api_client_id, self.readings, answers, codes)


def store(organisation_id: UUID | None, meanings: Mapping[int, Meaning], sender: Sender) -> Stored:
    """Do what the entries mean, in the caller's transaction. Without an organisation all of them are faults."""
    readings: dict[int, Reading | Unread] = {}
    retractions: dict[int, Retraction] = {}
    for position, meaning in meanings.items():
        if isinstance(meaning.meant, Retraction):
            retractions[position] = meaning.meant
        else:
            readings[position] = _reading_of(meaning, meaning.meant)
    answers = _record(organisation_id, [*readings.values()], sender)
    results = {
        position: _result(meanings[position], answer)
        for position, answer in zip(readings, answers, strict=True)
    }
    if organisation_id is not None and retractions:
        results |= _retract(organisation_id, meanings, retractions, sender)
    return Stored(organisation_id, results, [*readings.values()], answers)


def _reading_of(meaning: Meaning, meant: Reading | Fault) -> Reading | Unread:
    if not isinstance(meant, Fault):
        return meant
    code = code_of(meaning.concept, kept_catalogue(), "code")
    return Unread(meant.refusal, code if isinstance(code, str) else "")


def _record(
    organisation_id: UUID | None, readings: Sequence[Reading | Unread], sender: Sender
) -> Sequence[Answer]:
    if organisation_id is None:
        return _refuse(readings, sender)
    if not readings:
        return ()
    return record_measurements(organisation_id=organisation_id, readings=readings, sender=sender)


def _refuse(readings: Sequence[Reading | Unread], sender: Sender) -> Sequence[Answer]:
    answers = [
        Answer(Outcome.REFUSED, refusals=(reading.refusal,) if isinstance(reading, Unread) else ())
        for reading in readings
    ]
    refusals.count(None, sender.api_client_id, readings, dict(enumerate(answers)), kept_catalogue())
    return answers


def _retract(
    organisation_id: UUID,
    meanings: Mapping[int, Meaning],
    retractions: dict[int, Retraction],
    sender: Sender,
) -> dict[int, Result]:
    # What is said first of one stands, also within a Bundle.
    reasons = {each.client_id: each.reason for each in reversed(retractions.values())}
    new = note_errors(organisation_id, reasons, sender, new_id())
    explained = {each.client_id for each in retractions.values() if each.is_explained}
    reasons |= _reasons_before(organisation_id, explained - new)
    return {
        position: Result(
            RETRACTED if retraction.client_id in new else RETRACTED_BEFORE,
            meanings[position].ignored_where(reasons[retraction.client_id]),
        )
        for position, retraction in retractions.items()
    }


def _reasons_before(organisation_id: UUID, client_ids: Collection[str]) -> dict[str, str]:
    """The reasons that stand for measurements of which it was said before; no statement without any."""
    if not client_ids:
        return {}
    return dict(
        fetch_all(
            """
            SELECT target_client_id, reason FROM observations_correction
            WHERE organisation_id = %s AND kind = 'entered-in-error' AND target_client_id = ANY(%s::text[])
            """,
            [organisation_id, array_literal(client_ids)],
        )
    )


def _result(meaning: Meaning, answer: Answer) -> Result:
    return Result(
        answer.outcome,
        meaning.ignored,
        answer.measurement_id,
        tuple(_faults(meaning, answer)),
        answer.is_implausible,
    )


def _faults(meaning: Meaning, answer: Answer) -> Sequence[Fault]:
    if isinstance(meaning.meant, Fault):
        return [meaning.meant]
    found = [_IN_CONFLICT] if answer.outcome is Outcome.CONFLICT else answer.refusals
    return [Fault(refusal, join("resource", path_of(meaning.sent, refusal.field))) for refusal in found]
