"""Whether a statement grows, with what, and when it reaches its limit."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import exp, inf

import numpy as np

from clinical_engine.profiling.growth import wording
from clinical_engine.profiling.growth.fitting import Fits, Fitted, fits_of, moved
from clinical_engine.profiling.growth.headroom import Limit, crossing, first
from clinical_engine.profiling.growth.limits import Limits
from clinical_engine.profiling.growth.points import Points, kept, points_of, widening
from clinical_engine.profiling.growth.series import Day
from clinical_engine.profiling.growth.steps import Step
from clinical_engine.profiling.growth.stories import odds_of_growth
from clinical_engine.profiling.growth.verdicts import Change, Crossing, Measure, Outlook, Verdict

_LEAST_POINTS = 10
_LEAST_DAYS = 120
"""Statements wander by themselves for months."""
_NEARLY_FLAT = 0.5
_SLIGHT = 0.1
_IMPLAUSIBLE = 3.5
"""No query grows with such a power: what does so follows something else."""
_LATE = 5
"""Points that say where it is of late."""
_WORTH_A_LOOK = 0.2
"""A chance of no growth above which the stories need not be compared."""
_ODDS = 7.0
_FULLER = ((0.45, 2.5), (0.2, 4.2))
"""The logarithm of the odds that is asked for; less from such a share of the limit on: being late costs more there."""
_OF_THE_SLOWEST = 2.5
"""What is asked for on top where only the slowest executions grow: a month in which a release came has two kinds of them."""
_MOST_OF_ROWS = 3.0
"""What rows that grow add to the odds of a duration."""


def estimate(days: Sequence[Day], limits: Limits) -> Verdict:
    """What the days say. Any sequence of days gives a verdict; too few or unusable ones give `TOO_LITTLE_DATA` and say why."""
    usable = kept(days)
    if not usable:
        return _too_little("It has not run on any day that is kept.")
    points = points_of(usable)
    if not _enough(points):
        return _too_little(
            f"It ran in {_number(len(points), 'different week or month', 'different weeks or months')}, over"
            f" {_number(_span(points), 'day', 'days')}; "
            f"{_LEAST_POINTS} are needed, over {_LEAST_DAYS} days."
        )
    if not moved(points):
        return _too_little("Nothing that it may grow with has moved by a tenth while it ran.")
    fits = fits_of(points)
    growing = _growing(fits, points, usable, limits)
    met = first(each.meets for each in growing if each.meets is not None)
    changes = _changes(fits.steps, usable, points)
    outlook, reason = _outlook(growing, met, fits, changes)
    told = [fit.as_fit() for each in fits.by_measure.values() for fit in each]
    return Verdict(outlook, reason, told, met, changes)


def _enough(points: Points) -> bool:
    return len(points) >= _LEAST_POINTS and _span(points) >= _LEAST_DAYS


def _number(of: int, one: str, several: str) -> str:
    return f"{of} {one if of == 1 else several}"


def _span(points: Points) -> int:
    return int(points.times[-1] - points.times[0])


def _too_little(reason: str) -> Verdict:
    return Verdict(Outlook.TOO_LITTLE_DATA, reason, (), None, ())


@dataclass(frozen=True)
class _Judged:
    fit: Fitted
    meets: Crossing | None
    share: float
    """Of its limit, of late."""

    def odds(self, points: Points, fits: Fits) -> float:
        """The logarithm of the odds that it grows; none at all where something else must explain it."""
        slope = self.fit.slope
        if slope.chance > _WORTH_A_LOOK or not _SLIGHT < slope.value < _IMPLAUSIBLE:
            return -inf
        return odds_of_growth(self.fit, points, fits.noises)

    @property
    def asked(self) -> float:
        """The odds above which it is said to grow."""
        more = _OF_THE_SLOWEST if self.fit.measure is Measure.SLOW_DURATION else 0.0
        return next((odds for least, odds in _FULLER if self.share >= least), _ODDS) + more


def _growing(fits: Fits, points: Points, days: Sequence[Day], limits: Limits) -> list[_Judged]:
    """What grows. A statement that reads more rows is the likelier to take longer."""
    judged = _judged(fits, points, days, limits)
    odds = {each.fit.measure: each.odds(points, fits) for each in judged}
    of_rows = min(max(odds.get(Measure.ROWS, 0.0), 0.0), _MOST_OF_ROWS)
    for measure in odds.keys() & {Measure.DURATION, Measure.SLOW_DURATION}:
        odds[measure] += of_rows
    return [each for each in judged if odds[each.fit.measure] > each.asked]


def _judged(fits: Fits, points: Points, days: Sequence[Day], limits: Limits) -> list[_Judged]:
    """The best fit of each measure, with the limit that it meets."""
    duration = Limit(limits.duration_name, limits.duration_us)
    by_measure = {
        Measure.DURATION: duration,
        Measure.SLOW_DURATION: duration,
        Measure.PARAMETERS: Limit("the limit of parameters", limits.parameters),
        Measure.VALUES: Limit("the limit of values in lists", limits.values),
    }
    found = []
    for measure, (fit, *_) in fits.by_measure.items():
        meets, share = None, 0.0
        if (limit := by_measure.get(measure)) and fit.slope.value > 0:
            # A limit is met by the slowest first.
            by = widening(days) if measure is Measure.DURATION else 0.0
            now = max(days[-1].drivers[fit.driver], 1.0)
            meets = crossing(replace(fit, cost=fit.cost + by), limit, points.times, days[-1].day, now)
            share = exp(float(np.median(fit.cost[-_LATE:])) + by) / limit.value
        found.append(_Judged(fit, meets, share))
    return found


def _outlook(
    growing: Sequence[_Judged], met: Crossing | None, fits: Fits, changes: Sequence[Change]
) -> tuple[Outlook, str]:
    if growing:
        told = next(each for each in growing if each.meets is met)
        return Outlook.GROWS, wording.grows(told.fit, met)
    duration = fits.by_measure[Measure.DURATION][0]
    if duration.high < _NEARLY_FLAT:
        return Outlook.STEADY, wording.steady(duration, changes)
    return Outlook.TOO_LITTLE_DATA, wording.unclear(duration)


def _changes(steps: Sequence[Step], days: Sequence[Day], points: Points) -> list[Change]:
    """The steps with the release that was the first to run then, and its first day."""
    found = []
    for step in steps:
        before = points.releases[step.place - 1]
        new = points.releases[step.place] - before or points.releases[step.place]
        day = next(day for day in days if day.release in new)
        found.append(Change(day.release, day.day, exp(step.size)))
    return found
