"""What stands in the lanes: periods as bars, statements as marks, each with its place and its words."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from django.urls import reverse
from django.utils.formats import date_format

from clinical_engine.staff.cells import moment_text
from patients.admin.timeline.scale import Scale
from patients.models import Association, Statement, StatementKind
from submitters.models import Submitter

# In per cent of the width: narrower bars have no room for one date, or for two.
_ROOM_FOR_ONE, _ROOM_FOR_TWO = 15.0, 30.0


@dataclass(frozen=True, slots=True)
class Bar:
    """A period: left end and width in per cent, the dates written into it where they fit, and a sentence."""

    begins: str
    width: str
    is_open: bool
    first: str
    last: str
    words: str


@dataclass(frozen=True, slots=True)
class Mark:
    """A statement: its place in per cent, what it says, where it came from, a sentence, and its page."""

    at: str
    kind: str
    source: str
    words: str
    url: str


@dataclass(slots=True)
class Lane:
    """One submitter's part: a sentence about it, its bars and its marks."""

    submitter_id: UUID
    name: str
    url: str
    bars: list[Bar] = field(default_factory=list)
    marks: list[Mark] = field(default_factory=list)
    state: str = "Not active"

    @property
    def words(self) -> str:
        """What the lane shows, for those who do not see it."""
        periods, statements = _counted(len(self.bars), "period"), _counted(len(self.marks), "statement")
        return f"{self.name}: {self.state}; {periods} and {statements} drawn"


def lanes_of(
    associations: Sequence[Association], statements: Sequence[Statement], scale: Scale, zone: ZoneInfo
) -> list[Lane]:
    """A lane for each submitter that the rows name, in the order of their names; the rows have their submitters loaded."""
    lanes = _empty_lanes([*(row.submitter for row in associations), *(row.submitter for row in statements)])
    for association in associations:
        lane = lanes[association.submitter_id]
        lane.bars.append(_bar(association, scale, zone))
        if association.dissociated_at is None:
            lane.state = f"Active since {moment_text(association.associated_at, zone)}"
    for statement in statements:
        lanes[statement.submitter_id].marks.append(_mark(statement, scale, zone))
    return list(lanes.values())


def _empty_lanes(submitters: Iterable[Submitter]) -> dict[UUID, Lane]:
    known = {submitter.pk: submitter.name for submitter in submitters}
    return {
        key: Lane(key, name, reverse("admin:submitters_submitter_change", args=[key]))
        for key, name in sorted(known.items(), key=lambda item: (item[1], item[0]))
    }


def _bar(row: Association, scale: Scale, zone: ZoneInfo) -> Bar:
    begins = scale.place(row.associated_at)
    ends = 100.0 if row.dissociated_at is None else scale.place(row.dissociated_at)
    width = ends - begins
    until = "and still is" if row.dissociated_at is None else f"until {moment_text(row.dissociated_at, zone)}"
    return Bar(
        begins=_number(begins),
        width=_number(width),
        is_open=row.dissociated_at is None,
        first=_day(row.associated_at, zone) if width >= _ROOM_FOR_ONE else "",
        last=_day(row.dissociated_at, zone) if row.dissociated_at and width >= _ROOM_FOR_TWO else "",
        words=f"Active from {moment_text(row.associated_at, zone)} {until}",
    )


def _mark(row: Statement, scale: Scale, zone: ZoneInfo) -> Mark:
    shown = "" if row.fulfilled_at else "; the associations do not show it yet"
    return Mark(
        at=_number(scale.place(row.effective_at)),
        kind="active" if row.kind == StatementKind.ACTIVATION else "inactive",
        source=row.source,
        words=f"{row.get_kind_display()} {moment_text(row.effective_at, zone)}: {row.get_source_display()}, "
        f"received {moment_text(row.received_at, zone)}{shown}",
        url=reverse("admin:patients_statement_change", args=[row.pk]),
    )


def _day(time: datetime, zone: ZoneInfo) -> str:
    return date_format(time.astimezone(zone), "j M Y")


def _number(value: float) -> str:
    # As text: a template would write it as the reader's language does, and a drawing takes none but points.
    return f"{value:.3f}"


def _counted(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"
