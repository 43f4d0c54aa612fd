"""One plot for each code: an axis of values with dots or bars, or a lane of events."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from clinical_engine.staff.cells import moment_text
from observations.admin.plots.axis import ValueAxis, axis_over
from observations.admin.plots.marks import (
    NO,
    YES,
    Frame,
    Mark,
    Placed,
    State,
    by_value,
    in_a_lane,
    mark_of,
    number,
    numbers_of,
    short,
    state_of,
    value_words,
)
from observations.catalogue import Catalogue, Entry
from observations.models import ValueKind

Tick = tuple[str, str]
# On a wide screen, as many marks of the usual size stand beside each other.
_DENSE = 120


@dataclass(frozen=True, slots=True)
class Plot:
    """One code's part of the drawing. Places are per cent of the width and the height, as text."""

    name: str
    unit: str
    has_axis: bool
    newest: str
    newest_at: str
    marks: Sequence[Mark]
    ticks: Sequence[Tick] = ()
    line: str = ""
    """The points of the line through the readings that count, as a polyline takes them."""
    band: tuple[str, str] | None = None
    """Upper edge and height of the plausible range, as far as it is drawn."""
    undrawn: int = 0
    """How many readings of this stretch of time have no mark of their own."""

    @property
    def is_range(self) -> bool:
        """Whether a reading has several values."""
        return any(len(mark.ends) > 1 for mark in self.marks)

    @property
    def is_dense(self) -> bool:
        """Whether marks of the usual size would cover each other."""
        return bool(self.undrawn) or len(self.marks) > _DENSE

    @property
    def words(self) -> str:
        """What is drawn, for those who do not see it."""
        said = [f"{self.name}: {len(self.marks)} reading{'' if len(self.marks) == 1 else 's'} drawn"]
        counts = {
            state: sum(mark.state == state for mark in self.marks) for state in (State.HELD, State.CORRECTED)
        }
        said += [f"{count} {state}" for state, count in counts.items() if count]
        if count := sum(mark.is_flagged for mark in self.marks):
            said.append(f"{count} implausible")
        return ", ".join(said) + f"; newest {self.newest} {self.newest_at}".rstrip()

    @property
    def note(self) -> str:
        """What is left out, and why."""
        if not self.undrawn:
            return ""
        return f"{self.undrawn:,} of {self.undrawn + len(self.marks):,} readings lie between others and are not drawn."


def plots_of(rows: Iterable[Any], frame: Frame) -> list[Plot]:
    """The plots of what `readings_of` gave: those with an axis first, by name."""
    by_code: dict[int, list[Any]] = defaultdict(list)
    for row in rows:
        by_code[row.code_id].append(row)
    plots = [_plot(frame.codes.by_id[code_id], its, frame) for code_id, its in by_code.items()]
    return sorted(plots, key=lambda plot: (not plot.has_axis, plot.name))


def _plot(entry: Entry, rows: Sequence[Any], frame: Frame) -> Plot:
    unit = unit_of(entry, frame.codes)
    if unit is None or not any(numbers_of(row, frame.codes) for row in rows):
        ticks = [(number(YES), "yes"), (number(NO), "no")] if entry.kind == ValueKind.BOOLEAN else []
        return Plot(**_common(entry, rows, in_a_lane, frame), unit="", has_axis=False, ticks=ticks)
    axis = _axis(rows, frame.codes)
    return Plot(
        **_common(entry, rows, by_value(axis, frame.codes), frame),
        unit=unit,
        has_axis=True,
        ticks=[(number(at), text) for at, text in axis.ticks()],
        line=_line(rows, axis, frame),
        band=_band(entry, frame.codes, axis),
    )


def unit_of(entry: Entry, codes: Catalogue) -> str | None:
    """The unit of the code's axis; None for what has no number, or numbers that no one axis holds."""
    if entry.kind == ValueKind.QUANTITY:
        return entry.canonical_unit or ""
    if entry.kind != ValueKind.COMPONENTS:
        return None
    parts = [codes.by_code.get(code) for code in entry.parts]
    units = {
        None if part is None or part.kind != ValueKind.QUANTITY else part.canonical_unit for part in parts
    }
    return units.pop() if len(units) == 1 else None


def _common(entry: Entry, rows: Sequence[Any], placed: Placed, frame: Frame) -> dict[str, Any]:
    ends = [(row, placed(row)) for row in rows]
    marks = [mark_of(row, its, frame) for row, its in ends if its]
    newest = next((row for row in reversed(rows) if state_of(row) != State.CORRECTED), None)
    return {
        "name": entry.display,
        "newest": "none that stands" if newest is None else _newest(newest, entry, frame.codes),
        "newest_at": "" if newest is None else moment_text(newest.measured_at, frame.zone),
        "marks": marks,
        "undrawn": rows[0].in_all - len(marks),
    }


def _newest(row: Any, entry: Entry, codes: Catalogue) -> str:  # noqa: ANN401 - a row of `readings_of`
    if row.components is None:
        return value_words(row, codes)
    values, unit = numbers_of(row, codes), unit_of(entry, codes)
    # Named, its two values would not fit beside the plot.
    if unit is not None and len(values) == len(row.components):
        return f"{' / '.join(short(value) for _, value in values)} {unit}"
    number_of_answers = len(row.components)
    return f"{number_of_answers} value{'' if number_of_answers == 1 else 's'}"


def _axis(rows: Sequence[Any], codes: Catalogue) -> ValueAxis:
    trusted: list[float] = []
    doubtful: list[float] = []
    for row in rows:
        # What was taken back was often wrong by orders of magnitude.
        is_trusted = not row.is_implausible and state_of(row) != State.CORRECTED
        (trusted if is_trusted else doubtful).extend(value for _, value in numbers_of(row, codes))
    return axis_over(trusted, doubtful)


def _line(rows: Sequence[Any], axis: ValueAxis, frame: Frame) -> str:
    counted = [row for row in rows if state_of(row) == State.COUNTED and not row.is_implausible]
    if len(counted) < 2 or any(row.components is not None for row in counted):  # noqa: PLR2004 - a line has two ends
        return ""
    points = (
        (frame.scale.place(row.measured_at), value)
        for row in counted
        for _, value in numbers_of(row, frame.codes)
    )
    return " ".join(f"{number(x)},{number(axis.place(value))}" for x, value in points)


def _band(entry: Entry, codes: Catalogue, axis: ValueAxis) -> tuple[str, str] | None:
    measures = [codes.by_code[code] for code in entry.parts if code in codes.by_code] or [entry]
    lows = [one.plausible_low for one in measures]
    highs = [one.plausible_high for one in measures]
    if not any(limit is not None for limit in (*lows, *highs)):
        return None
    # Open to one side where a part has no limit.
    top = 0.0 if None in highs else axis.place(max(float(high) for high in highs if high is not None))
    bottom = 100.0 if None in lows else axis.place(min(float(low) for low in lows if low is not None))
    return number(top), number(bottom - top)
