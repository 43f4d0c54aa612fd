"""One plot for each code: an axis of values with dots or bars, or a lane of events."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from clinical_engine.staff.cells import moment_text
from observations.admin.cells import shown_unit
from observations.admin.plots.axis import ValueAxis, axis_over
from observations.admin.plots.computed import DrawnSeries, drawn, name_of, numbers_in
from observations.admin.plots.lanes import lane_of, marks_in
from observations.admin.plots.marks import (
    Frame,
    Mark,
    State,
    by_value,
    mark_of,
    number,
    numbers_of,
    short,
    state_of,
    value_words,
)
from observations.admin.plots.results import Series
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
    """How many readings of this stretch of time no mark stands for."""
    results: Sequence[DrawnSeries] = ()
    """What scripts computed, over the readings or alone."""
    height: int = 0
    """In pixels; 0 for the usual one."""

    @property
    def is_range(self) -> bool:
        """Whether a reading has several values."""
        return any(len(mark.ends) > 1 for mark in self.marks)

    @property
    def is_dense(self) -> bool:
        """Whether marks of the usual size would cover each other."""
        results = max((len(series.marks) for series in self.results), default=0)
        return bool(self.undrawn) or max(len(self.marks), results) > _DENSE

    @property
    def is_alone(self) -> bool:
        """Whether there are results in it and no readings."""
        return not self.marks and bool(self.results)

    @property
    def words(self) -> str:
        """What is drawn, for those who do not see it."""
        if self.is_alone:
            return self.name
        readings = self._count(lambda _: True)
        said = [f"{self.name}: {readings} reading{'' if readings == 1 else 's'} drawn"]
        counts = {
            "held": self._count(lambda mark: mark.state == State.HELD),
            "corrected": self._count(lambda mark: mark.state == State.CORRECTED),
            "implausible": self._count(lambda mark: mark.is_flagged),
        }
        said += [f"{count} {state}" for state, count in counts.items() if count]
        return ", ".join(said) + f"; newest {self.newest} {self.newest_at}".rstrip()

    def _count(self, which: Callable[[Mark], bool]) -> int:
        return sum(mark.count for mark in self.marks if which(mark))

    @property
    def note(self) -> str:
        """What is left out, and why."""
        if not self.undrawn:
            return ""
        return f"{self.undrawn:,} of {self.undrawn + self._count(lambda _: True):,} readings lie between others and are not drawn."


def plots_of(rows: Iterable[Any], results: Sequence[Series], frame: Frame) -> list[Plot]:
    """The plots of what `readings_of` and `results_of` gave: those with an axis first, by name.

    A result in the unit of the one plot of readings that its script reads is drawn over these when its values lie among theirs,
    another in a plot of its own.
    A script that gave no number at all has one lane for all its outputs.
    """
    by_code: dict[int, list[Any]] = defaultdict(list)
    for row in rows:
        by_code[row.code_id].append(row)
    over: dict[int | None, list[Series]] = defaultdict(list)
    without: dict[str, Series] = {}
    for series in results:
        if any(numbers_in(series)):
            over[_readings_below(series, by_code, frame.codes)].append(series)
        else:
            without.setdefault(series.script, series)
    plots = [_plot(frame.codes.by_id[code_id], its, over[code_id], frame) for code_id, its in by_code.items()]
    plots += [_plot_alone(series, frame) for series in over[None]]
    plots += [_plot_of_gaps(series, frame) for series in without.values()]
    return sorted(plots, key=lambda plot: (not plot.has_axis, plot.name))


def _readings_below(series: Series, drawn: Mapping[int, Sequence[Any]], codes: Catalogue) -> int | None:
    """The code of the plot over which results are drawn."""
    if not series.unit:
        return None
    found = []
    for code_id, rows in drawn.items():
        entry = codes.by_id[code_id]
        is_read = entry.code in series.reads or not series.reads.isdisjoint(entry.parts)
        if is_read and unit_of(entry, codes) == series.unit and _has_numbers(rows, codes):
            found.append(code_id)
    if len(found) != 1:
        return None
    return found[0] if _lies_among(series, drawn[found[0]], codes) else None


def _lies_among(series: Series, rows: Sequence[Any], codes: Catalogue) -> bool:
    """Whether the readings' own axis holds all results.

    A difference has the unit of what it was made of: on one axis with it, both would be flat lines.
    """
    axis = _axis(rows, [], codes)
    standing, old = numbers_in(series)
    return all(axis.holds(value) for value in standing or old)


def _has_numbers(rows: Sequence[Any], codes: Catalogue) -> bool:
    return any(numbers_of(row, codes) for row in rows)


def _plot(entry: Entry, rows: Sequence[Any], results: Sequence[Series], frame: Frame) -> Plot:
    unit = unit_of(entry, frame.codes)
    if unit is None or not _has_numbers(rows, frame.codes):
        return _plot_of_events(entry, rows, frame)
    axis = _axis(rows, results, frame.codes)
    placed = by_value(axis, frame.codes)
    ends = [(row, placed(row)) for row in rows]
    marks = [mark_of(row, its, frame) for row, its in ends if its]
    return Plot(
        **_common(entry, rows, marks, frame),
        unit=unit,
        has_axis=True,
        ticks=_ticks(axis),
        line=_line(rows, axis, frame),
        band=_band(entry, frame.codes, axis),
        results=[drawn(series, name_of(series, frame), axis, frame) for series in results],
    )


def _plot_of_events(entry: Entry, rows: Sequence[Any], frame: Frame) -> Plot:
    lane = lane_of(entry, rows)
    marks = marks_in(lane, rows, frame)
    common = _common(entry, rows, marks, frame)
    return Plot(**common, unit="", has_axis=False, ticks=lane.ticks, height=lane.height)


def _plot_alone(series: Series, frame: Frame) -> Plot:
    axis = axis_over(*numbers_in(series))
    results = drawn(series, name_of(series, frame), axis, frame)
    return Plot(results.name, shown_unit(series.unit), True, "", "", [], _ticks(axis), results=[results])


def _plot_of_gaps(series: Series, frame: Frame) -> Plot:
    results = drawn(series, series.script, axis_over([0.0], []), frame)
    return Plot(results.name, "", False, "", "", [], results=[results])


def _ticks(axis: ValueAxis) -> list[Tick]:
    return [(number(at), text) for at, text in axis.ticks()]


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


def _common(entry: Entry, rows: Sequence[Any], marks: Sequence[Mark], frame: Frame) -> dict[str, Any]:
    newest = next((row for row in reversed(rows) if state_of(row) != State.CORRECTED), None)
    return {
        "name": entry.display,
        "newest": "none that stands" if newest is None else _newest(newest, entry, frame.codes),
        "newest_at": "" if newest is None else moment_text(newest.measured_at, frame.zone),
        "marks": marks,
        "undrawn": rows[0].in_all - sum(mark.count for mark in marks),
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


def _axis(rows: Sequence[Any], results: Sequence[Series], codes: Catalogue) -> ValueAxis:
    trusted: list[float] = []
    doubtful: list[float] = []
    for row in rows:
        # What was taken back was often wrong by orders of magnitude.
        is_trusted = not row.is_implausible and state_of(row) != State.CORRECTED
        (trusted if is_trusted else doubtful).extend(value for _, value in numbers_of(row, codes))
    for series in results:
        standing, old = numbers_in(series)
        trusted += standing
        doubtful += old
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
