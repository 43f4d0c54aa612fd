"""Whether a statement grows, with what, and when it reaches its limit."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import exp

import numpy as np

from clinical_engine.profiling.growth import wording
from clinical_engine.profiling.growth.fitting import MOVED, Fitted, fitted
from clinical_engine.profiling.growth.headroom import Limit, crossing, first
from clinical_engine.profiling.growth.points import Points, kept, points_of
from clinical_engine.profiling.growth.series import Day
from clinical_engine.profiling.growth.steps import Step
from clinical_engine.profiling.growth.verdicts import Change, Crossing, Measure, Outlook, Verdict

_LEAST_POINTS = 10
_NEARLY_FLAT = 0.5
_RECENT = 8


@dataclass(frozen=True)
class Limits:
    """What a statement must not exceed: `duration_us` by the limit of that name, and our policy for parameters and values."""

    duration_us: float
    duration_name: str
    parameters: int = 65_535
    values: int = 65_535


def estimate(days: Sequence[Day], limits: Limits) -> Verdict:
    """What the days say. Any sequence of days gives a verdict; too few or unusable ones give `TOO_LITTLE_DATA` and say why."""
    usable = kept(days)
    if not usable:
        return _too_little("It has not run on any day that is kept.")
    points = points_of(usable)
    if len(points) < _LEAST_POINTS:
        return _too_little(f"It ran in {len(points)} different weeks or months; {_LEAST_POINTS} are needed.")
    if not any(np.ptp(series) > MOVED for series in points.drivers.values()):
        return _too_little("Nothing that it may grow with has moved by a twentieth while it ran.")
    by_measure, steps = fitted(points)
    growing = [fits[0] for fits in by_measure.values() if fits[0].grows]
    met = first(_crossings(growing, points, usable[-1], limits))
    outlook, reason = _outlook(by_measure, growing, met)
    fits = [fit.as_fit() for fits in by_measure.values() for fit in fits]
    return Verdict(outlook, reason, fits, met, _changes(steps, usable, points))


def _too_little(reason: str) -> Verdict:
    return Verdict(Outlook.TOO_LITTLE_DATA, reason, (), None, ())


def _outlook(
    by_measure: Mapping[Measure, list[Fitted]], growing: Sequence[Fitted], met: Crossing | None
) -> tuple[Outlook, str]:
    if growing:
        told = growing[0] if met is None else next(fit for fit in growing if _is_of(fit, met))
        return Outlook.GROWS, wording.grows(told, met)
    duration = by_measure[Measure.DURATION][0]
    if duration.high < _NEARLY_FLAT:
        return Outlook.STEADY, wording.steady(duration)
    return Outlook.TOO_LITTLE_DATA, wording.unclear(duration)


def _is_of(fit: Fitted, met: Crossing) -> bool:
    durations = {Measure.DURATION, Measure.SLOW_DURATION}
    return fit.measure is met.measure or {fit.measure, met.measure} == durations


def _crossings(
    growing: Sequence[Fitted], points: Points, last: Day, limits: Limits
) -> list[Crossing]:
    """Of every measure that grows and has a limit."""
    duration = Limit(limits.duration_name, limits.duration_us)
    by_measure = {
        Measure.DURATION: duration,
        Measure.SLOW_DURATION: duration,
        Measure.PARAMETERS: Limit("the limit of parameters", limits.parameters),
        Measure.VALUES: Limit("the limit of values in lists", limits.values),
    }
    return [
        crossing(_slow(fit, points), by_measure[fit.measure], points.times, last.day, last.drivers[fit.driver])
        for fit in growing
        if fit.measure in by_measure
    ]


def _slow(fit: Fitted, points: Points) -> Fitted:
    """Of a median that grows, the slowest twentieth with it: a limit is met by the slow ones first."""
    if fit.measure is not Measure.DURATION:
        return fit
    wider = np.median((points.measures[Measure.SLOW_DURATION] - points.measures[Measure.DURATION])[-_RECENT:])
    return replace(fit, measure=Measure.SLOW_DURATION, cost=fit.cost + wider)


def _changes(steps: Sequence[Step], days: Sequence[Day], points: Points) -> list[Change]:
    """The steps with the release that was the first to run then, and its first day."""
    found = []
    for step in steps:
        before = points.releases[step.place - 1]
        new = points.releases[step.place] - before or points.releases[step.place]
        day = next(day for day in days if day.release in new)
        found.append(Change(day.release, day.day, exp(step.size)))
    return found
