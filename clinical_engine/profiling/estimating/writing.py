"""An estimate as lists and pages want it."""

from collections.abc import Sequence
from datetime import date

import msgspec

from clinical_engine.profiling.durations import percentile
from clinical_engine.profiling.estimating.loading import History
from clinical_engine.profiling.growth.series import Day
from clinical_engine.profiling.growth.verdicts import Fit, Measure, Verdict
from clinical_engine.profiling.models import CapturedStatement

WRITTEN = (
    "outlook",
    "exponent",
    "exponent_low",
    "exponent_high",
    "measure",
    "driver",
    "limit_name",
    "driver_at_limit",
    "limit_on",
    "verdict",
    "curve",
    "p95_quarter_us",
    "estimated_on",
)
_POINTS = 24


def take_over(statement: CapturedStatement, verdict: Verdict, history: History, today: date) -> None:
    """Set the fields of `WRITTEN`; nothing is saved."""
    fit, crossing = _main_fit(verdict), verdict.crossing
    quarter = percentile(history.quarter, 0.95)
    statement.outlook = verdict.outlook.value
    if fit is None:
        statement.exponent = statement.exponent_low = statement.exponent_high = None
        statement.measure = statement.driver = ""
    else:
        statement.exponent, statement.exponent_low, statement.exponent_high = fit.exponent, fit.low, fit.high
        statement.measure, statement.driver = fit.measure.value, fit.driver
    statement.limit_name = crossing.limit_name if crossing else ""
    statement.driver_at_limit = crossing.driver_at_limit if crossing else None
    statement.limit_on = crossing.on if crossing else None
    statement.verdict = msgspec.to_builtins(verdict)
    statement.curve = _curve(history.days, fit) if fit else []
    statement.p95_quarter_us = None if quarter is None else round(quarter)
    statement.estimated_on = today


def cost_of(day: Day, measure: Measure) -> float:
    """What a day has of a measure, in its unit."""
    costs = {
        Measure.DURATION: day.median_us,
        Measure.SLOW_DURATION: day.p95_us,
        Measure.ROWS: day.rows,
        Measure.PARAMETERS: day.parameters,
        Measure.VALUES: day.values,
    }
    return float(costs[measure])


def _main_fit(verdict: Verdict) -> Fit | None:
    """The one that leads to the limit; otherwise the one of the duration that explains it best."""
    crossing = verdict.crossing
    wanted = (crossing.measure, crossing.driver) if crossing else None
    for fit in verdict.fits:
        if (fit.measure, fit.driver) == wanted:
            return fit
    return next((fit for fit in verdict.fits if fit.measure is Measure.DURATION), None)


def _curve(days: Sequence[Day], fit: Fit) -> list[tuple[float, float]]:
    points = [
        (day.drivers[fit.driver], cost_of(day, fit.measure)) for day in days if day.drivers.get(fit.driver)
    ]
    step = max(len(points) // _POINTS, 1)
    # The newest is always among them.
    return points[::-1][::step][::-1]
