"""Leaps in a series that came at once, with a release: to be told from growth, which comes little by little."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import log

import numpy as np

from clinical_engine.profiling.growth.points import Figures, Points

_LEAST = 0.1
"""Of a step, in the logarithm: smaller ones are left to the noise."""
_MOST_STEPS = 6
_COST_OF_STEP = 16.0
_COST_OF_GROWTH = 5.0
"""What a step, and growth, must take off `n log(squares left)` to be believed."""
_COST_OF_SECOND_HALF = 8.0
"""Of a step next to another: a month in the middle of which a release came is half up."""
_FINEST = 0.003
# A step that others explain nearly as well has no size of its own.
_OWN = 0.1


@dataclass(frozen=True)
class Step:
    """From the point at `place` on, the series is higher by `size`."""

    place: int
    size: float


@dataclass(frozen=True)
class _Told:
    """A way to tell the series: some steps beside what it starts from. The less it costs the better."""

    cost: float
    beside: Figures
    chosen: Sequence[int]


def steps_in(series: Figures, points: Points, driver: Figures) -> list[Step]:
    """The clear steps at releases, at most six, in their order. All are logarithms.

    Told with growth from the beginning, two steps up hide in a slope; told without, growth is taken for a staircase. So both are
    told, and the shorter story is believed.
    """
    allowed = places_of_steps(points.releases)
    if not allowed:
        return []
    weights = np.sqrt(points.calls / (points.calls + np.median(points.calls)))
    steps = (np.arange(len(series))[:, None] >= np.array(allowed)).astype(float) * weights[:, None]
    grown = np.exp(driver - driver.mean())
    one = weights[:, None]
    told = min(
        (
            _story(series * weights, beside, steps)
            for beside in (
                one,
                *(np.column_stack([one, shape * weights]) for shape in (driver, grown, grown**2)),
            )
        ),
        key=lambda story: story.cost,
    )
    terms = np.column_stack([told.beside, steps[:, told.chosen]])
    sizes = np.linalg.lstsq(terms, series * weights)[0][told.beside.shape[1] :]
    found = [Step(allowed[place], float(size)) for place, size in zip(told.chosen, sizes, strict=True)]
    return sorted(found, key=lambda step: step.place)


def places_of_steps(releases: Sequence[frozenset[str]]) -> list[int]:
    """Where one may be: at another release, with two points on either side.

    A month knows only the release that ran last. Half of it was slower at most, so the point after it may be the other half.
    """
    new = [place > 0 and releases[place] != releases[place - 1] for place in range(len(releases))]
    return [
        place
        for place in range(2, len(releases) - 1)
        if new[place] or (new[place - 1] and releases[place - 1].isdisjoint(releases[place - 2]))
    ]


def _story(series: Figures, beside: Figures, steps: Figures) -> _Told:
    """The step that explains most is taken, then the next, as long as one pays for itself."""
    basis = np.linalg.qr(beside)[0]
    rest, ways = series - basis @ (basis.T @ series), steps - basis @ (basis.T @ steps)
    count = len(series)
    left = float(rest @ rest) + count * _FINEST**2
    chosen: list[int] = []
    cost = _COST_OF_GROWTH * (beside.shape[1] - 1)
    while len(chosen) < _MOST_STEPS:
        lengths = (ways**2).sum(axis=0)
        sound = lengths > _OWN * (steps**2).max(axis=0)
        lengths = np.where(sound, lengths, 1.0)
        along = ways.T @ rest
        sound &= np.abs(along / lengths) >= _LEAST
        gains = count * -np.log1p(-np.where(sound, along**2 / lengths, 0.0) / left)
        costs = _costs(steps.shape[1], chosen)
        best = int((gains - costs).argmax())
        if gains[best] <= costs[best]:
            break
        chosen.append(best)
        cost += float(costs[best])
        way = ways[:, best] / np.sqrt(lengths[best])
        left -= float((way @ rest) ** 2)
        rest, ways = rest - way * (way @ rest), ways - np.outer(way, way @ ways)
    return _Told(count * log(left) + cost, beside, chosen)


def _costs(count: int, chosen: Sequence[int]) -> Figures:
    costs = np.full(count, _COST_OF_STEP)
    for place in chosen:
        costs[max(place - 1, 0) : place + 2] = _COST_OF_SECOND_HALF
    return costs
