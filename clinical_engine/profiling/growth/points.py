"""Days made into points that a line can be laid through: clock jumps taken out, a week each, outliers drawn in."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from math import exp, log, log1p
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from clinical_engine.profiling.growth.series import Day
from clinical_engine.profiling.growth.verdicts import Measure

Figures: TypeAlias = NDArray[np.float64]
WEEK = 7
_FAR_DAYS = 180
_FEW = 7
_MOST_POINTS = 120
_NEIGHBOURS = 5
_TRIMMED = 5
"""The fewest days of which two can be left out."""
_TWENTIETH = 20
_LATE = 30
_MOST = 1e18
"""What is more, or no number, was not measured."""
_WIDEST = 3.0
_OF_LARGEST = frozenset({Measure.PARAMETERS, Measure.VALUES})
"""A month has the most of its days: with the middle of them, a week would be lower only for being shorter."""
# The middle of absolute deviations, made comparable to a standard deviation.
DEVIATION = 1.4826


@dataclass(frozen=True)
class Points:
    """By point, the oldest first. Measures and drivers are logarithms.

    A measure that never changed is left out (but for the duration), and a driver that was ever below 1 or not known.
    """

    times: Figures
    calls: Figures
    releases: Sequence[frozenset[str]]
    measures: Mapping[Measure, Figures]
    drivers: Mapping[str, Figures]

    def __len__(self) -> int:
        return len(self.times)


def kept(days: Sequence[Day]) -> list[Day]:
    """The days that can be used, in order and each once. A few far from all the others are of a clock that was wrong."""
    by_day: dict[date, Day] = {}
    for day in days:
        if day.calls > 0 and _is_sound(day):
            seen = by_day.get(day.day)
            by_day[day.day] = day if seen is None else _together(seen, day)
    return _without_strays([by_day[day] for day in sorted(by_day)])


def _is_sound(day: Day) -> bool:
    costs = (day.median_us, day.middle_us, day.p95_us, day.rows, float(day.parameters), float(day.values))
    return all(0 <= cost < _MOST for cost in costs)


def _together(one: Day, other: Day) -> Day:
    calls = one.calls + other.calls
    share = other.calls / calls
    return Day(
        day=one.day,
        calls=calls,
        median_us=_between(one.median_us, other.median_us, share),
        middle_us=_between(one.middle_us, other.middle_us, share),
        p95_us=_between(one.p95_us, other.p95_us, share),
        rows=one.rows * (1 - share) + other.rows * share,
        parameters=max(one.parameters, other.parameters),
        values=max(one.values, other.values),
        drivers={**one.drivers, **other.drivers},
        release=other.release,
    )


def _between(one: float, other: float, share: float) -> float:
    return exp(_logged(one) * (1 - share) + _logged(other) * share)


def _logged(microseconds: float) -> float:
    return log(max(microseconds, 1e-3))


def _without_strays(days: list[Day]) -> list[Day]:
    far = [
        place
        for place, (one, other) in enumerate(pairwise(days), 1)
        if (other.day - one.day).days > _FAR_DAYS
    ]
    groups = [days[start:end] for start, end in pairwise([0, *far, len(days)])]
    if max((len(group) for group in groups), default=0) > _FEW:
        groups = [group for group in groups if len(group) > _FEW or len(group) * _FEW > len(days)]
    return [day for group in groups for day in group]


def widening(days: Sequence[Day]) -> float:
    """How much longer the slowest twentieth takes than is usual of late, in the logarithm.

    Of few executions the slowest twentieth is the slowest one, which is not as slow: where a day has few, months tell it.
    """
    told = [day for day in days if day.calls >= _TWENTIETH] or days
    return float(np.median([_logged(day.p95_us) - _logged(day.middle_us) for day in told[-_LATE:]]))


def points_of(days: Sequence[Day]) -> Points:
    """A point for each week in which it ran, counted back from the last day; a month of the older part is one already.

    `days` are as `kept` gives them, at least one.
    """
    numbers = np.array([day.day.toordinal() for day in days], dtype=float)
    span = WEEK * max(1, -(-int(numbers[-1] - numbers[0] + 1) // (WEEK * _MOST_POINTS)))
    week = (numbers[-1] - numbers) // span
    starts = np.flatnonzero(np.diff(week, prepend=np.inf))
    places = [slice(start, end) for start, end in pairwise([*starts.tolist(), len(days)])]
    measures, drivers = _measures(days), _drivers(days)
    table = np.column_stack([numbers, *measures.values(), *drivers.values()])
    releases = [frozenset(day.release for day in days[place]) for place in places]
    middles = np.array([_middle(table[place], ran) for place, ran in zip(places, releases, strict=True)]).T
    for place, name in enumerate(measures, 1):
        if name in _OF_LARGEST:
            middles[place] = np.maximum.reduceat(table[:, place], starts)
    times, *columns = middles
    return Points(
        times=times,
        calls=np.array([sum(day.calls for day in days[place]) for place in places], dtype=float),
        releases=releases,
        measures={
            name: drawn_in(column)
            for name, column in zip(measures, columns, strict=False)
            if np.ptp(column) or name is Measure.DURATION
        },
        drivers=dict(zip(drivers, columns[len(measures) :], strict=True)),
    )


def _middle(rows: Figures, ran: frozenset[str]) -> Figures:
    """Of a week the mean without its highest and lowest day: their median would leave the weekend out, which a month has in it.

    The median of few days, and where a release came in between: a step is to stay a step.
    """
    if len(rows) < _TRIMMED or len(ran) > 1:
        return np.asarray(np.median(rows, axis=0) if len(rows) > 1 else rows[0])
    return np.asarray(np.sort(rows, axis=0)[1:-1].mean(axis=0))


def _measures(days: Sequence[Day]) -> Mapping[Measure, Sequence[float]]:
    # Of few executions the slowest twentieth is the slowest one, and that is slower the more there are.
    slow = np.median([day.calls for day in days]) >= _TWENTIETH
    return {
        Measure.DURATION: [_logged(day.middle_us) for day in days],
        **({Measure.SLOW_DURATION: [_logged(day.p95_us) for day in days]} if slow else {}),
        Measure.ROWS: [log1p(day.rows) for day in days],
        Measure.PARAMETERS: [log(max(day.parameters, 1)) for day in days],
        Measure.VALUES: [log(max(day.values, 1)) for day in days],
    }


def _drivers(days: Sequence[Day]) -> Mapping[str, Sequence[float]]:
    names = [name for name in days[-1].drivers if all(_is_known(day.drivers.get(name)) for day in days)]
    return {name: [log(day.drivers[name]) for day in days] for name in names}


def _is_known(value: float | None) -> bool:
    return value is not None and 1 <= value < _MOST


def drawn_in(series: Figures) -> Figures:
    """What sticks out from its neighbours, brought to the edge of what is usual. A step stays a step."""
    if len(series) < _NEIGHBOURS:
        return series
    padded = np.pad(series, _NEIGHBOURS // 2, mode="reflect")
    middle = np.median(np.lib.stride_tricks.sliding_window_view(padded, _NEIGHBOURS), axis=1)
    away = series - middle
    widest = _WIDEST * DEVIATION * np.median(np.abs(away))
    return np.asarray(middle + np.clip(away, -widest, widest))
