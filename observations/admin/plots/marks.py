"""A reading as a mark: where it stands, what it looks like, and what it says to who points at it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from functools import cache
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.urls import reverse

from clinical_engine.staff.cells import list_url, moment_text
from observations.admin.cells import measured
from observations.admin.plots.axis import ValueAxis
from observations.catalogue import Catalogue, Entry
from observations.models import Measurement, MeasurementStatus
from patients.admin.timeline.scale import Scale

# Any id, to be replaced by thousands of others: Django needs as long for each address as for drawing the mark.
_ANY = UUID(int=0)
MEASUREMENT = "admin:observations_measurement_change"
_LIST = "admin:observations_measurement_changelist"
_STANDING = {"status__exact": MeasurementStatus.FINAL.value}


class State(StrEnum):
    """What has become of a reading, or what a result means."""

    COUNTED = "counted"
    HELD = "held"
    CORRECTED = "corrected"
    COMPUTED = "computed"
    ABNORMAL = "abnormal"
    CRITICAL = "critical"
    SUPERSEDED = "superseded"
    MISSING = "missing"


class Shape(StrEnum):
    """What is drawn: the name of a figure in the template."""

    DOT = "dot"
    CROSSED = "crossed"
    UP = "up"
    DOWN = "down"
    DIAMOND = "diamond"
    SQUARE = "square"
    STAR = "star"
    GAP = "gap"


# The filters of the list that let one of these states through.
_LISTED: Mapping[State, Mapping[str, object]] = {
    State.COUNTED: {**_STANDING, "association__isnull": 0},
    State.HELD: {**_STANDING, "association__isnull": 1},
    State.CORRECTED: {"status__in": f"{MeasurementStatus.REPLACED},{MeasurementStatus.ENTERED_IN_ERROR}"},
}


@dataclass(frozen=True, slots=True)
class Mark:
    """A reading or result: its place in per cent of the width, its ends in per cent of the height, a sentence, and its page.

    Readings that would hide each other share a mark, which leads to the list of them.
    """

    x: str
    ends: Sequence[tuple[str, Shape]]
    state: State
    is_flagged: bool
    words: str
    url: str
    count: int = 1
    """How many readings it stands for."""

    @property
    def top(self) -> str:
        """The upper end of one that has several."""
        return min((y for y, _ in self.ends), key=float)

    @property
    def bottom(self) -> str:
        """The lower end of one that has several."""
        return max((y for y, _ in self.ends), key=float)


Placed = Callable[[Any], Sequence[tuple[float, Shape]]]
"""Where a reading's values stand, in per cent of the height, and as which figures; nothing for one that cannot be drawn."""


@dataclass(frozen=True, slots=True)
class Frame:
    """What all plots of a drawing have in common."""

    codes: Catalogue
    scale: Scale
    zone: ZoneInfo
    patient_id: UUID | None = None
    """Whose readings are drawn; None where only results are."""


def mark_of(row: Measurement, placed: Sequence[tuple[float, Shape]], frame: Frame) -> Mark:
    """The mark of a reading whose ends stand where `placed` says."""
    return Mark(
        x=number(frame.scale.place(row.measured_at)),
        ends=[(number(y), shape) for y, shape in placed],
        state=state_of(row),
        is_flagged=row.is_implausible,
        words=f"{frame.codes.by_id[row.code_id].display}: {said_of(row, frame)}",
        url=page_of(MEASUREMENT, row.pk),
    )


def said_of(row: Measurement, frame: Frame) -> str:
    """The value, the time, and what has become of a reading."""
    time = moment_text(row.measured_at, frame.zone)
    return f"{value_words(row, frame.codes)}; {time}; {state_words(row)}"


def by_value(axis: ValueAxis, codes: Catalogue) -> Placed:
    """Placed on an axis of values, as many ends as the reading has numbers."""

    def placed(row: Measurement) -> list[tuple[float, Shape]]:
        numbers = numbers_of(row, codes)
        odd = [entry.is_implausible(Decimal(value)) for entry, value in numbers]
        # Flagged by a range that the code no longer has, no value tells why by itself.
        shown_as_odd = odd if any(odd) else [True] * len(odd)
        return [
            (axis.place_of_mark(value), _shape(row, value, axis, is_odd=is_odd))
            for (_, value), is_odd in zip(numbers, shown_as_odd, strict=True)
        ]

    return placed


def _shape(row: Measurement, value: float, axis: ValueAxis, *, is_odd: bool) -> Shape:
    if row.status != MeasurementStatus.FINAL:
        return Shape.CROSSED
    if (row.is_implausible and is_odd) or not axis.holds(value):
        return Shape.DOWN if axis.place(value) > 50 else Shape.UP  # noqa: PLR2004 - the middle, in per cent
    return Shape.DOT


def numbers_of(row: Measurement, codes: Catalogue) -> list[tuple[Entry, float]]:
    """The reading's quantities in canonical units with what they measure: one, or those of its parts in the catalogue's order."""
    entry = codes.by_id[row.code_id]
    if row.components is None:
        return [] if row.canonical_quantity is None else [(entry, float(row.canonical_quantity))]
    parts = [(codes.by_code[code], row.components[code]) for code in entry.parts if code in row.components]
    values = [(part, value.get("converted", value.get("quantity"))) for part, value in parts]
    return [(part, float(value)) for part, value in values if value is not None]


def state_of(row: Measurement) -> State:
    """Counted, held, or corrected: what has been taken back waits for nothing."""
    if row.status != MeasurementStatus.FINAL:
        return State.CORRECTED
    return State.HELD if row.association_id is None else State.COUNTED


def state_words(row: Measurement) -> str:
    """The state as a person says it, and whether the value is implausible."""
    state = state_of(row)
    words = {State.COUNTED: "counts", State.HELD: "held: no association covers it"}.get(state)
    said = words or row.get_status_display().lower()
    return f"{said}; outside the plausible range" if row.is_implausible else said


def value_words(row: Measurement, codes: Catalogue) -> str:
    """The value as sent with its unit, and in the canonical unit where that is another one."""
    converted = canonical_words(row, codes)
    return f"{measured(row, codes)} ({converted})" if converted else measured(row, codes)


def canonical_words(row: Measurement, codes: Catalogue) -> str:
    """A quantity in the unit of its plot where it was sent in another one; otherwise ''."""
    if row.converted_quantity is None:
        return ""
    return f"{short(float(row.converted_quantity))} {codes.by_id[row.code_id].canonical_unit or ''}".strip()


def short(value: float) -> str:
    """A converted number, to the digits that people compare."""
    return f"{value:.4g}" if abs(value) < 1e4 else f"{value:.0f}"  # noqa: PLR2004 - above, four digits would round whole numbers


def number(value: float) -> str:
    """A place as text: a template would write it as the reader's language does, and a drawing takes none but points."""
    return f"{value:.2f}"


def page_of(view: str, key: UUID) -> str:
    """The address of the page of one row: `view` is its URL name."""
    return _pattern(view).replace(str(_ANY), str(key))


def list_of(
    like: Measurement, span: tuple[datetime, datetime], lookups: Mapping[str, object], frame: Frame
) -> str:
    """The address of the list of a patient's measurements of a span of time, both ends included, for which `lookups` hold.

    They have the code, the state and the flag of the one that is given.
    """
    begins, ends = span
    return list_url(
        _LIST,
        patient__id__exact=frame.patient_id,
        code__id__exact=like.code_id,
        measured_at__gte=begins.isoformat(),
        measured_at__lte=ends.isoformat(),
        is_implausible__exact=int(like.is_implausible),
        **_LISTED[state_of(like)],
        **lookups,
    )


@cache
def _pattern(view: str) -> str:
    return reverse(view, args=[_ANY])
