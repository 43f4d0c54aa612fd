"""Leaps in a series that came at once, with a release: to be told from growth, which comes little by little."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

from clinical_engine.profiling.growth.points import Figures

_AROUND = 6
_LEAST_AROUND = 3
_LEAST = 0.1
_CERTAIN = 4.5
_MOST_STEPS = 6
# Neighbouring differences of white noise are wider than the noise, and their median absolute value is narrower.
_NOISE = 1.4826 / np.sqrt(2)


@dataclass(frozen=True)
class Step:
    """From the point at `place` on, the series is higher by `size`."""

    place: int
    size: float


def steps_in(series: Figures, releases: Sequence[frozenset[str]]) -> list[Step]:
    """The clear steps at releases, at most six, those that come first first. The series is of logarithms."""
    allowed = [place for place in range(1, len(series)) if releases[place] != releases[place - 1]]
    rest = series.copy()
    found: list[Step] = []
    for _ in range(_MOST_STEPS):
        step = _clearest(rest, allowed)
        if step is None:
            break
        found.append(step)
        allowed.remove(step.place)
        rest[step.place :] -= step.size
    return sorted(found, key=lambda step: step.place)


def _clearest(series: Figures, allowed: Sequence[int]) -> Step | None:
    noise = max(float(_NOISE * np.median(np.abs(np.diff(series)))), 1e-3) if len(series) > 1 else 0.0
    best, clearest = None, _CERTAIN
    for place in allowed:
        left, right = min(place, _AROUND), min(len(series) - place, _AROUND)
        if min(left, right) >= _LEAST_AROUND:
            weights, width = _contrast(left, right)
            size = float(weights @ series[place - left : place + right])
            if abs(size) >= _LEAST and abs(size) / (width * noise) > clearest:
                best, clearest = Step(place, size), abs(size) / (width * noise)
    return best


@cache
def _contrast(left: int, right: int) -> tuple[Figures, float]:
    """The weights that give the height of a step between as many points, beside a straight slope, and its error for a noise of 1."""
    place = np.arange(left + right, dtype=float)
    terms = np.column_stack([np.ones(left + right), place, place >= left])
    weights = np.linalg.pinv(terms)[2]
    return weights, float(np.linalg.norm(weights))
