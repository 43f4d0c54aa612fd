"""What will come of a statement before it is made: the periods as they would be, beside those that are."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from uuid import UUID
from zoneinfo import ZoneInfo

from django.utils.safestring import SafeString

from clinical_engine.common.identifiers import new_id
from clinical_engine.staff.cells import Tone, badge, moment, moment_text
from patients.models import Patient, StatementKind
from patients.periods import Period, Said, fold
from submitters.models import Submitter

_SHOWN = 50
_HEADERS = ("From", "Until", "What happens")


@dataclass(frozen=True, slots=True)
class Stated:
    """A statement that is about to be made."""

    submitter: Submitter
    kind: StatementKind
    effective_at: datetime


@dataclass(frozen=True, slots=True)
class Outlook:
    """What becomes of the periods with one submitter."""

    title: str
    sentences: Sequence[str]
    table: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Foreseen:
    """What would come of it, and a mark of what that was judged by: it changes with every statement that comes in."""

    outlooks: Sequence[Outlook]
    seen: str


def foresee(patient: Patient, stated: Sequence[Stated]) -> Foreseen:
    """The periods that would follow: one query; accepted statements count although no association shows them yet."""
    known: dict[UUID, list[Said]] = defaultdict(list)
    mark = sha256()
    submitters = [item.submitter for item in stated]
    rows = patient.statements.filter(submitter__in=submitters).order_by("pk")
    for key, submitter_id, effective_at, client_id, kind in rows.values_list(
        "pk", "submitter_id", "effective_at", "client_id", "kind"
    ):
        known[submitter_id].append(Said(effective_at, client_id, kind == StatementKind.ACTIVATION))
        mark.update(key.bytes)
    zone = patient.organisation.zone
    return Foreseen(
        [_outlook(item, known[item.submitter.pk], zone) for item in stated],
        mark.hexdigest(),
    )


def _outlook(item: Stated, said: Sequence[Said], zone: ZoneInfo) -> Outlook:
    # A client id as the service makes them: at one instant it decides which statement counts last.
    added = Said(item.effective_at, f"staff-{new_id()}", item.kind == StatementKind.ACTIVATION)
    before, after = fold(said), fold([*said, added])
    changes = list(_changes(before, after))
    rows = [
        (moment(period.begins, zone), moment(period.ends, zone), what) for period, what in changes[:_SHOWN]
    ]
    table = {"headers": _HEADERS, "rows": rows, "empty": "No period begins, ends or goes."}
    title = f"{item.kind.label} {moment_text(item.effective_at, zone)} with {item.submitter.name}"
    return Outlook(title, list(_sentences(before, after, len(changes), zone)), table)


def _changes(before: Iterable[Period], after: Iterable[Period]) -> Iterator[tuple[Period, SafeString]]:
    """The periods that would be others, the latest first."""
    old, new = ({period.begins: period for period in periods} for periods in (before, after))
    for begins in sorted({*old, *new}, reverse=True):
        if begins not in old:
            yield new[begins], badge("Begins", Tone.GOOD)
        elif begins not in new:
            yield old[begins], badge("Goes", Tone.BAD)
        elif new[begins] != old[begins]:
            yield new[begins], _moved_end(old[begins].ends, new[begins].ends)


def _moved_end(old: datetime | None, new: datetime | None) -> SafeString:
    if new is None:
        return badge("Lasts again", Tone.GOOD)
    return badge("Ends", Tone.WAITING) if old is None else badge("Ends at another time", Tone.WAITING)


def _sentences(
    before: Sequence[Period], after: Sequence[Period], changes: int, zone: ZoneInfo
) -> Iterator[str]:
    if not changes:
        yield "Nothing changes: the periods already say so, or a statement at the same time or later does."
    yield f"Now: {_standing(before, zone)}. Then: {_standing(after, zone)}."
    if changes > _SHOWN:
        yield f"The latest {_SHOWN} of {changes:,} changed periods are shown."


def _standing(periods: Sequence[Period], zone: ZoneInfo) -> str:
    if periods and periods[-1].ends is None:
        return f"active since {moment_text(periods[-1].begins, zone)}"
    return "not active"
