"""An estimate as lists and pages want it."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

import msgspec

from clinical_engine.common.database import execute
from clinical_engine.profiling.estimating.loading import History
from clinical_engine.profiling.growth.series import Day
from clinical_engine.profiling.growth.verdicts import Fit, Measure, Outlook, Verdict
from clinical_engine.profiling.models import CapturedStatement

_TYPES = {
    "outlook": "text",
    "exponent": "float8",
    "exponent_low": "float8",
    "exponent_high": "float8",
    "measure": "text",
    "driver": "text",
    "limit_name": "text",
    "driver_at_limit": "float8",
    "limit_on": "date",
    "verdict": "jsonb",
    "curve": "jsonb",
    "p95_quarter_us": "bigint",
    "estimated_on": "date",
}
_POINTS = 24
# A power whose lowest bound is no greater is not surely one that grows.
_FLAT = 0.1


def take_over(statement: CapturedStatement, verdict: Verdict, history: History, today: date) -> None:
    """Set what the estimate says; nothing is saved."""
    fit, crossing = _main_fit(verdict), verdict.crossing
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
    statement.verdict = msgspec.to_builtins(replace(verdict, fits=_best(verdict.fits)))
    statement.curve = _curve(history.days, fit) if fit else []
    quarter = history.quarter.p95_us
    statement.p95_quarter_us = None if quarter is None else round(quarter)
    statement.estimated_on = today


def save(statements: Sequence[CapturedStatement]) -> None:
    """Write what was taken over of them, in one statement with one value."""
    rows = [{"id": each.pk, **{name: getattr(each, name) for name in _TYPES}} for each in statements]
    columns = ", ".join(f"{name} = found.{name}" for name in _TYPES)
    types = ", ".join(f"{name} {kind}" for name, kind in _TYPES.items())
    execute(
        f"""
        UPDATE profiling_capturedstatement s SET {columns}
        FROM jsonb_to_recordset(%s::jsonb) AS found (id bigint, {types}) WHERE s.id = found.id
        """,  # noqa: S608 - columns of ours
        [msgspec.json.encode(rows).decode()],
    )


def cost_of(day: Day, measure: Measure) -> float:
    """What a day has of a measure, in its unit."""
    costs = {
        Measure.DURATION: day.middle_us,
        Measure.SLOW_DURATION: day.p95_us,
        Measure.ROWS: day.rows,
        Measure.PARAMETERS: day.parameters,
        Measure.VALUES: day.values,
    }
    return float(costs[measure])


def _best(fits: Sequence[Fit]) -> Sequence[Fit]:
    """Of each measure the one that explains it best: all of them would be most of what is stored of a statement."""
    found: dict[Measure, Fit] = {}
    for fit in fits:
        found.setdefault(fit.measure, fit)
    return list(found.values())


def _main_fit(verdict: Verdict) -> Fit | None:
    """The one that leads to the limit; else of what grows the strongest; otherwise the duration's that explains it best."""
    crossing = verdict.crossing
    wanted = (crossing.measure, crossing.driver) if crossing else None
    for fit in verdict.fits:
        if (fit.measure, fit.driver) == wanted:
            return fit
    if verdict.outlook is Outlook.GROWS and (growing := [fit for fit in verdict.fits if fit.low > _FLAT]):
        return max(growing, key=lambda fit: fit.low)
    return next((fit for fit in verdict.fits if fit.measure is Measure.DURATION), None)


def _curve(days: Sequence[Day], fit: Fit) -> list[tuple[float, float]]:
    points = [
        (day.drivers[fit.driver], cost_of(day, fit.measure)) for day in days if day.drivers.get(fit.driver)
    ]
    step = max(len(points) // _POINTS, 1)
    # The newest is always among them.
    return points[::-1][::step][::-1]
