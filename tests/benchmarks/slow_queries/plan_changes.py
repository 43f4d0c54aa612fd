"""Statements whose plan changes, and those whose plan does not, execution by execution."""

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from clinical_engine.profiling.durations import added, bucket_of
from clinical_engine.profiling.growth.plan_changes import RECENT, changed_by
from tests.benchmarks.slow_queries.noise import Noise, effects, usual
from tests.benchmarks.slow_queries.world import Figures

_USUAL_DAYS = 14
_QUIET_DAYS = 365
_MOST = 200
"""Executions after which a change counts as missed."""


@dataclass(frozen=True)
class Detected:
    """Of a change of plan: the factor, and the executions until it was noticed, `_MOST` where it was not."""

    factor: float
    executions: int


def changes(seed: int, count: int) -> Iterator[Detected]:
    """Statements that become four to fifty times as slow, from one execution to the next."""
    for place in range(count):
        chance = np.random.default_rng([seed, 7, place])
        noise, shift = _of_chance(chance)
        days = effects(noise, _USUAL_DAYS + 1, chance)
        before = _counted(
            chance, days[:-1], noise, shift, int(np.exp(chance.uniform(np.log(10), np.log(2_000))))
        )
        factor = float(np.exp(chance.uniform(np.log(4), np.log(50))))
        recent = deque(_drawn(chance, days[-1], noise, shift, RECENT), RECENT)
        after = _drawn(chance, days[-1] + np.log(factor), noise, shift, _MOST)
        yield Detected(factor, _until_noticed(before, recent, after))


def false_alarms(seed: int, count: int, slow_spells: float) -> float:
    """Of as many statements, the share that were said to have changed at any time in a year without it.

    `slow_spells` are those of a year: days on which all is up to 2.5 times as slow.
    """
    return (
        sum(_ever_noticed(np.random.default_rng([seed, 8, place]), slow_spells) for place in range(count))
        / count
    )


def _of_chance(chance: np.random.Generator) -> tuple[Noise, float]:
    """A restlessness, and by how much a second way to call it is slower (0: there is one way)."""
    noise = replace(usual(chance), outliers=0.0, slow_spells=0.0)
    return noise, float(chance.choice((0.0, 0.0, np.log(chance.uniform(2, 30)))))


def _ever_noticed(chance: np.random.Generator, slow_spells: float) -> bool:
    noise, shift = _of_chance(chance)
    noise = replace(noise, slow_spells=slow_spells)
    days = effects(noise, _QUIET_DAYS, chance)
    kept: deque[dict[int, int]] = deque(maxlen=_USUAL_DAYS)
    for day in days:
        drawn = _drawn(chance, day, noise, shift, RECENT * int(chance.integers(1, 8)))
        before = added(kept)
        for start in range(0, len(drawn), RECENT):
            if changed_by(before, _histogram(drawn[start : start + RECENT])) is not None:
                return True
        kept.append(_histogram(drawn))
    return False


def _until_noticed(before: dict[int, int], recent: deque[float], after: Figures) -> int:
    for count, duration in enumerate(after, 1):
        recent.append(float(duration))
        if changed_by(before, _histogram(recent)) is not None:
            return count
    return _MOST


def _drawn(chance: np.random.Generator, day: float, noise: Noise, shift: float, count: int) -> Figures:
    """Seconds. Calls of the slower way come in runs, as a job's do."""
    ways = np.repeat(chance.uniform(size=count // 5 + 1) < 0.2, 5)[:count]
    return np.asarray(np.exp(-6.0 + day + chance.normal(0, noise.within, count) + shift * ways))


def _counted(
    chance: np.random.Generator, days: Figures, noise: Noise, shift: float, calls: int
) -> dict[int, int]:
    return _histogram(np.concatenate([_drawn(chance, day, noise, shift, calls) for day in days]))


def _histogram(seconds: Iterable[float]) -> dict[int, int]:
    found: dict[int, int] = {}
    for each in seconds:
        bucket = bucket_of(float(each))
        found[bucket] = found.get(bucket, 0) + 1
    return found
