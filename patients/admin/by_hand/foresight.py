"""What will come of a statement before it is made: the associations as they will be, beside those that are."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from uuid import UUID
from zoneinfo import ZoneInfo

from clinical_engine.common.identifiers import new_id
from clinical_engine.staff.cells import moment, moment_text
from patients.admin.by_hand.prospects import Prospect
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
    """What will come of it, and a mark of the statements that it follows from: it changes with each that comes in."""

    outlooks: Sequence[Outlook]
    seen: str


@dataclass(frozen=True, slots=True)
class _Pair:
    """What is known of the patient and one submitter."""

    name: str
    fulfilled: list[Said] = field(default_factory=list)
    waiting: list[Said] = field(default_factory=list)
    present: list[Period] = field(default_factory=list)

    def prospect(self, *added: Said) -> Prospect:
        accepted = [*self.fulfilled, *self.waiting]
        return Prospect(self.present, fold(self.fulfilled), fold(accepted), fold([*accepted, *added]))


def foresee(patient: Patient, stated: Sequence[Stated]) -> Foreseen:
    """What the associations will be, beside those in the table now: two queries, however much was stated.

    First with the submitters of whom something is stated; then with each other one where the table does not show what the
    statements say, since the job makes all of the patient's associations equal to them.
    """
    pairs = {item.submitter.pk: _Pair(item.submitter.name) for item in stated}
    mark = _read_statements(patient, pairs)
    _read_associations(patient, pairs)
    zone = patient.organisation.zone
    outlooks = [_outlook_of_stated(item, pairs.pop(item.submitter.pk), zone) for item in stated]
    others = {pair.name: pair.prospect() for pair in pairs.values()}
    outlooks += [
        _outlook(f"Besides, with {name}", prospect, zone)
        for name, prospect in sorted(others.items())
        if prospect.present != prospect.wanted
    ]
    return Foreseen(outlooks, mark)


def _read_statements(patient: Patient, pairs: dict[UUID, _Pair]) -> str:
    mark = sha256()
    rows = patient.statements.order_by("pk").values_list(
        "pk", "submitter_id", "submitter__name", "effective_at", "client_id", "kind", "fulfilled_at"
    )
    for key, submitter_id, name, effective_at, client_id, kind, fulfilled_at in rows:
        pair = pairs.setdefault(submitter_id, _Pair(name))
        said = Said(effective_at, client_id, kind == StatementKind.ACTIVATION)
        (pair.fulfilled if fulfilled_at else pair.waiting).append(said)
        mark.update(key.bytes)
    return mark.hexdigest()


def _read_associations(patient: Patient, pairs: dict[UUID, _Pair]) -> None:
    rows = patient.associations.order_by("associated_at").values_list(
        "submitter_id", "submitter__name", "associated_at", "dissociated_at"
    )
    for submitter_id, name, begins, ends in rows:
        pairs.setdefault(submitter_id, _Pair(name)).present.append(Period(begins, ends))


def _outlook_of_stated(item: Stated, pair: _Pair, zone: ZoneInfo) -> Outlook:
    # A client id as the service makes them: at one instant it decides which statement counts last.
    added = Said(item.effective_at, f"staff-{new_id()}", item.kind == StatementKind.ACTIVATION)
    title = f"{item.kind.label} {moment_text(item.effective_at, zone)} with {pair.name}"
    return _outlook(title, pair.prospect(added), zone)


def _outlook(title: str, prospect: Prospect, zone: ZoneInfo) -> Outlook:
    changes = prospect.changes()
    sentences = [
        *prospect.sentences(),
        f"Now: {_standing(prospect.present, zone)}. Then: {_standing(prospect.wanted, zone)}.",
    ]
    if len(changes) > _SHOWN:
        sentences.append(f"The latest {_SHOWN} of {len(changes):,} changed periods are shown.")
    rows = [
        (moment(period.begins, zone), moment(period.ends, zone), what) for period, what in changes[:_SHOWN]
    ]
    table = {"headers": _HEADERS, "rows": rows, "empty": "No period begins, ends or goes."}
    return Outlook(title, sentences, table)


def _standing(periods: Sequence[Period], zone: ZoneInfo) -> str:
    if periods and periods[-1].ends is None:
        return f"active since {moment_text(periods[-1].begins, zone)}"
    return "not active"
