"""What moves a statement's duration from day to day without any growth. All are added to the logarithm of the duration."""

from dataclasses import dataclass

import numpy as np

from tests.benchmarks.slow_queries.world import Figures


@dataclass(frozen=True)
class Noise:
    """How restless a database is, of one statement. Spreads are of the logarithm: 0.1 is about a tenth."""

    within: float
    """Between the executions of a day."""
    day: float
    day_memory: float
    drift: float
    drift_days: float
    weekly: float
    outliers: float
    slow_spells: float
    """A year, of one to four days."""


def usual(chance: np.random.Generator) -> Noise:
    """A statement like most: caches, vacuum, bloat, neighbours."""
    return Noise(
        within=chance.uniform(0.2, 0.9),
        day=chance.uniform(0.02, 0.08),
        day_memory=chance.uniform(0.2, 0.8),
        drift=chance.uniform(0.0, 0.08),
        drift_days=chance.uniform(20, 120),
        weekly=chance.uniform(0.0, 0.15),
        outliers=chance.uniform(0.0, 0.02),
        slow_spells=chance.uniform(0, 4),
    )


def effects(noise: Noise, days: int, chance: np.random.Generator) -> Figures:
    """What is to be added, day by day."""
    return np.asarray(
        remembering(chance, days, noise.day, noise.day_memory)
        + remembering(chance, days, noise.drift, float(np.exp(-1 / noise.drift_days)))
        + _weekly(noise.weekly, days, chance)
        + _outliers(noise.outliers, days, chance)
        + _spells(noise.slow_spells, days, chance)
    )


def remembering(chance: np.random.Generator, days: int, spread: float, memory: float) -> Figures:
    """A first-order autoregressive series with that spread."""
    series = np.empty(days)
    series[0] = chance.normal(0, spread)
    steps = chance.normal(0, spread * np.sqrt(1 - memory**2), days)
    for day in range(1, days):
        series[day] = memory * series[day - 1] + steps[day]
    return series


def _weekly(size: float, days: int, chance: np.random.Generator) -> Figures:
    rhythm = chance.normal(0, size, 7)
    rhythm[5:] -= size
    return np.asarray(rhythm[np.arange(days) % 7])


def _outliers(share: float, days: int, chance: np.random.Generator) -> Figures:
    return np.asarray((chance.uniform(size=days) < share) * np.log(chance.uniform(1.5, 8, days)))


def _spells(yearly: float, days: int, chance: np.random.Generator) -> Figures:
    series = np.zeros(days)
    for start in chance.integers(0, days, chance.poisson(yearly * days / 365)):
        series[start : start + chance.integers(1, 5)] += np.log(chance.uniform(1.2, 2.5))
    return series
