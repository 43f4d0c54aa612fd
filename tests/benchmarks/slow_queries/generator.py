"""Statements over simulated months: 60 whose cost grows with the patients, and 300 whose cost does not.

Written before the estimator and without a look at it: what it draws is what is said of it in docs/decisions/growth.md.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from itertools import groupby

import numpy as np

from clinical_engine.profiling.durations import bucket_of, middle, percentile
from clinical_engine.profiling.growth.limits import Limits
from clinical_engine.profiling.growth.series import Day
from tests.benchmarks.slow_queries.noise import Noise, effects, usual
from tests.benchmarks.slow_queries.oracle import Truth
from tests.benchmarks.slow_queries.world import LAST_JUDGED, Figures, World, world

GROWING = ("linear", "n log n", "quadratic", "parameters", "lists")
FLAT = ("weekly rhythm", "outliers", "releases", "slow days", "rare")
_OF_EACH_GROWING = 12
_OF_EACH_FLAT = 60
_POLICY = 65_535
_DRAWN = 300
"""Executions that are drawn of a day; of more, the day's own restlessness is all that can be seen."""
_DAILY = 90


@dataclass(frozen=True)
class Cost:
    """What an execution costs, by day: the logarithm of the median in microseconds, rows, parameters and values in lists."""

    duration: Figures
    rows: Figures
    parameters: Figures
    values: Figures


@dataclass(frozen=True)
class Statement:
    """A statement, and the truth about it: the day on which it reaches its limit, and the patients there are then."""

    kind: str
    limits: Limits
    days: Mapping[int, Day]
    months: Mapping[int, Day]
    deadline: int | None = None
    limit_day: int | None = None
    patients_at_limit: float = np.inf
    truth: Truth | None = None

    def history(self, today: int) -> list[Day]:
        """What is kept on a day: the last 90 days, and before them whole months."""
        oldest = max((last for last in self.months if last < today - _DAILY), default=-1)
        kept = [month for last, month in self.months.items() if last <= oldest]
        return kept + [self.days[day] for day in range(oldest + 1, today + 1) if day in self.days]


def statements(seed: int) -> tuple[World, Iterator[Statement]]:
    """All 360 of a seed, in a world of their own; drawn one by one."""
    around = world(np.random.default_rng([seed, 0]))
    draws: list[tuple[str, Callable[[World, str, np.random.Generator], Statement]]] = [
        *((kind, growing) for kind in GROWING for _ in range(_OF_EACH_GROWING)),
        *((kind, flat) for kind in FLAT for _ in range(_OF_EACH_FLAT)),
    ]
    return around, (
        draw(around, kind, np.random.default_rng([seed, 1 + place]))
        for place, (kind, draw) in enumerate(draws)
    )


def growing(around: World, kind: str, chance: np.random.Generator) -> Statement:
    """One that reaches its limit when there are twice the patients of a day (its deadline) in the second or third year."""
    deadline = int(chance.integers(365, LAST_JUDGED))
    driver = around.drivers["active_patients" if chance.uniform() < 0.75 else "open_associations"]
    at_limit = 2 * driver[deadline]
    limit_day = int(np.argmax(driver >= at_limit))
    fixed = chance.uniform(0, 0.02) if chance.uniform() < 0.5 else chance.uniform(0.05, 0.4)
    noise = usual(chance)
    limits = _limits(chance)
    share = fixed + (1 - fixed) * _shape(kind, driver[:LAST_JUDGED], at_limit)
    cost = _growing_cost(kind, share, limits, noise, chance)
    log_duration = cost.duration + effects(noise, LAST_JUDGED, chance)
    steps = cost.duration * 0
    if chance.uniform() < 0.3:
        steps = _steps(around, 1, deadline, chance)
        steps -= steps[-1]  # the last release is the one that reaches the limit
    log_duration += steps
    calls = _calls(around, "little" if chance.uniform() < 0.3 else "busy", chance)
    days, months = _observed(around, replace(cost, duration=log_duration), calls, noise, chance)
    return Statement(
        kind,
        limits,
        days,
        months,
        min(deadline, limit_day - 30),
        limit_day,
        around.drivers["active_patients"][limit_day],
        Truth(
            cost.duration,
            steps,
            calls,
            noise,
            not any(map(np.ptp, (cost.rows, cost.parameters, cost.values))),
        ),
    )


def _shape(kind: str, driver: Figures, at_limit: float) -> Figures:
    """The growing part, 1 at the limit."""
    part = driver / at_limit
    if kind == "quadratic":
        return part**2
    return np.asarray(part * np.log(driver) / np.log(at_limit) if kind == "n log n" else part)


def _growing_cost(
    kind: str, share: Figures, limits: Limits, noise: Noise, chance: np.random.Generator
) -> Cost:
    one = np.ones(LAST_JUDGED)
    if kind not in {"parameters", "lists"}:
        # The limit is met by the slowest of twenty.
        at_limit = np.log(limits.duration_us) - 1.645 * noise.within
        rows = share * chance.uniform(10, 50_000) if chance.uniform() < 0.5 else one * chance.integers(0, 20)
        return Cost(np.log(share) + at_limit, rows, one * chance.integers(0, 12), one * 0)
    # A list of all of them, or of the largest organisation's, which comes and goes.
    jitter = chance.normal(0, chance.choice((0.0, 0.03)), LAST_JUDGED)
    count = np.floor(share * _POLICY * np.exp(jitter))
    duration = np.log(chance.uniform(100, 5_000) + chance.uniform(0.5, 3) * count)
    listed = kind == "lists"
    return Cost(duration, count, one * 3 if listed else count, count if listed else one * 0)


def flat(around: World, kind: str, chance: np.random.Generator) -> Statement:
    """One that costs the same for ever, but for what its kind says and for the usual restlessness."""
    noise = usual(chance)
    if kind == "weekly rhythm":
        noise = replace(noise, weekly=chance.uniform(0.1, 0.4))
    elif kind == "outliers":
        noise = replace(noise, outliers=chance.uniform(0.02, 0.08), within=chance.uniform(0.5, 1.3))
    elif kind == "slow days":
        noise = replace(noise, slow_spells=chance.uniform(4, 15))
    limits = _limits(chance)
    level = np.log(limits.duration_us * np.exp(chance.uniform(-9, -0.35))) - 1.645 * noise.within
    log_duration = level + effects(noise, LAST_JUDGED, chance)
    steps = int(chance.integers(1, 5)) if kind == "releases" else int(chance.uniform() < 0.15)
    log_duration += _steps(around, steps, LAST_JUDGED, chance)
    calls = _calls(around, "rare" if kind == "rare" else chance.choice(("busy", "little")), chance)
    one = np.ones(LAST_JUDGED)
    values = one * 0
    if chance.uniform() < 0.2:  # Batches of chance; the longest of a day is longer the more there are.
        values = 1 + np.floor(chance.gamma(1.0, chance.uniform(2, 200), (20, LAST_JUDGED)).max(axis=0))
    cost = Cost(
        log_duration, one * chance.choice((0, 0.02, 1, 20, 400)), one * chance.integers(0, 12), values
    )
    days, months = _observed(around, cost, calls, noise, chance)
    return Statement(kind, limits, days, months)


def _limits(chance: np.random.Generator) -> Limits:
    name, microseconds = (("statement timeout", 30e6), ("budget of the endpoint", 500e3))[chance.integers(2)]
    return Limits(microseconds, name, _POLICY, _POLICY)


def _steps(around: World, count: int, before: int, chance: np.random.Generator) -> Figures:
    """Releases that make it faster or slower, once and for good."""
    released = around.released[around.released < before]
    series = np.zeros(LAST_JUDGED)
    for day in chance.choice(released, count, replace=False):
        series[day:] += chance.choice((-1, 1)) * np.log(chance.uniform(1.1, 2.5))
    return series


def _calls(around: World, traffic: str, chance: np.random.Generator) -> Figures:
    if traffic == "rare":
        return np.asarray(chance.poisson(chance.uniform(0.05, 1.0), LAST_JUDGED))
    patients = around.drivers["active_patients"][:LAST_JUDGED]
    first = (
        chance.uniform(2, 20) if traffic == "little" else np.exp(chance.uniform(np.log(50), np.log(50_000)))
    )
    weekend = np.where(np.arange(LAST_JUDGED) % 7 >= 5, chance.uniform(0.3, 1.0), 1.0)
    return np.asarray(chance.poisson(first * weekend * patients / patients[0]))


def _observed(
    around: World, cost: Cost, calls: Figures, noise: Noise, chance: np.random.Generator
) -> tuple[Mapping[int, Day], Mapping[int, Day]]:
    """What capture would have kept: the days on which it ran, and each month by its last day."""
    buckets: dict[int, list[int]] = {}
    for day in np.flatnonzero(calls):
        drawn = chance.normal(cost.duration[day], noise.within, min(int(calls[day]), _DRAWN))
        buckets[int(day)] = [bucket_of(float(each)) for each in np.exp(drawn) / 1e6]
    rows = cost.rows * np.exp(chance.normal(0, 0.5, LAST_JUDGED) / np.sqrt(np.maximum(calls, 1)))
    kept = partial(_day, around, cost, calls, rows, buckets)
    by_month = groupby(range(LAST_JUDGED), key=lambda day: (around.dates[day].year, around.dates[day].month))
    months = {}
    for _, each in by_month:
        month = list(each)
        if ran := [day for day in month if day in buckets]:
            months[month[-1]] = kept(month, ran)
    return {day: kept([day], [day]) for day in buckets}, months


def _day(  # noqa: PLR0913, PLR0917 - all that is known of a statement
    around: World,
    cost: Cost,
    calls: Figures,
    rows: Figures,
    buckets: Mapping[int, list[int]],
    span: list[int],
    ran: list[int],
) -> Day:
    durations: dict[int, int] = {}
    for day in ran:
        for bucket in buckets[day]:
            durations[bucket] = durations.get(bucket, 0) + 1
    total = calls[ran].sum()
    return Day(
        day=around.dates[span[0]],
        calls=int(total),
        median_us=percentile(durations, 0.5) or 0.0,
        middle_us=middle(durations) or 0.0,
        p95_us=percentile(durations, 0.95) or 0.0,
        rows=float((rows[ran] * calls[ran]).sum() / total),
        parameters=int(cost.parameters[ran].max()),
        values=int(cost.values[ran].max()),
        drivers={name: float(values[span].mean()) for name, values in around.drivers.items()},
        release=around.releases[span[-1]],
    )
