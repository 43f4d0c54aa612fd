"""What can be known of a statement that grows, at best: by one who knows its noise, its releases and the shape of its growth."""

from dataclasses import dataclass
from math import erf, sqrt

import numpy as np
from numpy.typing import NDArray

from tests.benchmarks.slow_queries.noise import Noise
from tests.benchmarks.slow_queries.world import Figures

_MOST_DRAWN = 300
_ASKED = sqrt(2 * 2.5)
"""Standard errors that make odds of `exp(2.5)`, the least that is asked for anywhere."""


@dataclass(frozen=True)
class Truth:
    """By day: the logarithm of the duration without noise and releases, what these added, and the calls.

    `only` says that nothing but the duration grows.
    """

    duration: Figures
    releases: Figures
    calls: Figures
    noise: Noise
    only: bool


def missed_at_best(truth: Truth, deadline: int) -> float:
    """The chance that the growth does not show by then. Of all tests none misses fewer with as few false alarms.

    In weeks, by generalised least squares with the true covariances (Neyman and Pearson 1933). Rhythms, outliers and slow spells
    are taken as known, and so are the days of releases, but not their size.
    """
    if not truth.only:
        return 0.0
    days = np.flatnonzero(truth.calls[: deadline + 1])
    in_week = (days // 7 == np.unique(days // 7)[:, None]).astype(float)
    in_week /= in_week.sum(axis=1, keepdims=True)
    spread: Figures = in_week @ _covariance(truth, days) @ in_week.T
    white = np.linalg.inv(np.linalg.cholesky(spread))
    signal, releases = white @ in_week @ truth.duration[days], white @ in_week @ truth.releases[days]
    known = np.column_stack([white.sum(axis=1), releases])
    clear = signal - known @ np.linalg.lstsq(known, signal)[0]
    return 0.5 * (1 + erf((_ASKED - float(np.linalg.norm(clear))) / sqrt(2)))


def _covariance(truth: Truth, days: NDArray[np.intp]) -> Figures:
    noise, apart = truth.noise, np.abs(np.subtract.outer(days, days))
    of_calls = noise.within**2 / np.minimum(truth.calls[days], _MOST_DRAWN)
    wandering = noise.drift**2 * np.exp(-apart / noise.drift_days)
    return np.asarray(noise.day**2 * noise.day_memory**apart + wandering + np.diag(of_calls))
