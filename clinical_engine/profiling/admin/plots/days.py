"""What a statement cost day by day, on one axis of time: durations, rows, parameters and values; releases as lines."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

from clinical_engine.profiling.admin import words
from clinical_engine.profiling.admin.plots.axis import Axis, Written, from_nothing
from clinical_engine.profiling.admin.plots.drawing import (
    Drawing,
    Line,
    Mark,
    Tick,
    anchor,
    height,
    level_line,
    text,
    ticks_up,
)
from clinical_engine.profiling.growth.series import Day

_TICKS = 3
# In per cent of the width: names closer together would run into each other.
_ROOM_FOR_A_NAME = 14.0
_LAST_PLACE_FOR_A_NAME = 100 - _ROOM_FOR_A_NAME
_NAME_LENGTH = 14
# A limit far above everything would press all days into one line.
_LIMIT_WITHIN = 3.0


@dataclass(frozen=True, slots=True)
class _Series:
    kind: str
    name: str
    value: Callable[[Day], float]


_DURATIONS = (
    _Series("median", "median", lambda day: day.median_us),
    _Series("p95", "p95", lambda day: day.p95_us),
)
_ROWS = (_Series("rows", "rows of an execution, on average", lambda day: day.rows),)
_SIZES = (
    _Series("parameters", "parameters", lambda day: day.parameters),
    _Series("values", "values in lists", lambda day: day.values),
)
_CALLS = (_Series("calls", "executions a day", lambda day: day.calls / day.days),)


def draw_days(days: Sequence[Day], limit: tuple[float, str] | None) -> list[Drawing]:
    """A drawing for each sort of cost; `limit` is that of the duration, in microseconds, with its name. [] without any day."""
    if not days:
        return []
    first, last = days[0].day.toordinal(), days[-1].day.toordinal()
    across = Axis(first - 0.5, last + 0.5)
    frame = _Frame(days, across, _ticks(days[0].day, days[-1].day, across), _releases(days, across))
    return [
        frame.drawn("Duration by day", _DURATIONS, words.duration, limit),
        frame.drawn("Rows by day", _ROWS, words.about),
        frame.drawn("Most parameters and values of one execution by day", _SIZES, words.about),
        frame.drawn("Executions a day, of older days on average over a month", _CALLS, words.about),
    ]


@dataclass(frozen=True, slots=True)
class _Frame:
    """What all the drawings have in common."""

    days: Sequence[Day]
    across: Axis
    ticks: Sequence[Tick]
    releases: Sequence[Line]

    def drawn(
        self,
        title: str,
        series: Sequence[_Series],
        written: Written,
        limit: tuple[float, str] | None = None,
    ) -> Drawing:
        highest = max(each.value(day) for each in series for day in self.days)
        shown = limit if limit and limit[0] <= highest * _LIMIT_WITHIN else None
        up = from_nothing([highest, *([shown[0]] if shown else [])])
        return Drawing(
            title=title,
            words="; ".join(self._words(each, written) for each in series),
            marks=[self._mark(day, each, up, written) for each in series for day in self.days],
            across=self.ticks,
            up=ticks_up(up, written),
            limits=[level_line(up, shown[0], f"{written(shown[0])}: {shown[1]}")] if shown else [],
            releases=self.releases,
            kinds=[(each.kind, each.name) for each in series],
        )

    def _mark(self, day: Day, series: _Series, up: Axis, written: Written) -> Mark:
        value = series.value(day)
        said = f"{words.days(day)}: {series.name} {written(value)}, {day.release}"
        return Mark(text(self.across.place(day.day.toordinal())), height(up, value), series.kind, said)

    def _words(self, series: _Series, written: Written) -> str:
        values = [series.value(day) for day in self.days]
        return (
            f"{series.name} {written(values[0])} on {self.days[0].day:%-d %b %Y}, {written(values[-1])} on"
            f" {self.days[-1].day:%-d %b %Y}, {written(min(values))} to {written(max(values))}"
        )


def _ticks(first: date, last: date, across: Axis) -> list[Tick]:
    span = (last - first).days
    steps = sorted({span * step // (_TICKS - 1) for step in range(_TICKS)})
    days = [date.fromordinal(first.toordinal() + step) for step in steps]
    places = [(across.place(day.toordinal()), day) for day in days]
    # With the year at both ends only: a telephone has no room for more.
    return [
        (text(place), f"{day:%-d %b %Y}" if day in {first, last} else f"{day:%-d %b}", anchor(place))
        for place, day in places
    ]


def _releases(days: Sequence[Day], across: Axis) -> list[Line]:
    """Where another release than that of the day before ran; of those close together the latest has its name."""
    found: list[Line] = []
    free_to = 100.0
    for before, day in reversed([*pairwise(days)]):
        if before.release == day.release:
            continue
        place = across.place(day.day.toordinal() - 0.5)
        # To the right of its line, or beside the right edge to the left of it.
        side = "start" if place <= _LAST_PLACE_FOR_A_NAME else "end"
        begins = place if side == "start" else place - _ROOM_FOR_A_NAME
        has_room = begins + _ROOM_FOR_A_NAME <= free_to
        name = day.release[:_NAME_LENGTH] if has_room else ""
        found.append(Line(text(place), f"{day.day:%-d %b %Y}: {day.release}", name, side))
        free_to = begins if has_room else free_to
    return found
