"""Each measure of a statement against each driver: with which power it goes, how sure that is, and which one is taken.

Stored is of each measure the one that is taken; all of them are worked out when somebody looks.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import NamedTuple

from clinical_engine.profiling.admin import words
from clinical_engine.profiling.capture.batches import OTHER_STATEMENTS
from clinical_engine.profiling.growth.limits import Limits
from clinical_engine.profiling.growth.series import Day
from clinical_engine.profiling.growth.verdicts import Fit, Measure
from clinical_engine.profiling.models import CapturedStatement

_PREFERRED = "active_patients"
_NOT_OF_ONE = "These are many statements together: no power would be that of one of them."
_NOT_NOW = "It cannot be worked out from what is kept."
_UNCHANGED = "Always the same."
_SLOWEST_OF = 20
_TOO_FEW = "On most days fewer than 20 executions: of those the slowest says nothing."


class Power(NamedTuple):
    """A measure against a driver: the power, its bounds (both '' where there is none), and whether it is the one that is taken."""

    driver: str
    power: str
    bounds: str
    is_taken: bool


@dataclass(frozen=True, slots=True)
class Powers:
    """Those of one measure, by driver; and which is taken and why, or why there is none."""

    measure: str
    each: Sequence[Power]
    why: str


def powers_of(statement: CapturedStatement, days: Sequence[Day], limits: Limits) -> Mapping[str, object]:
    """The table for the page of a statement that has these days: rows and drivers, or `empty`, which says why there are none."""
    if statement.fingerprint == OTHER_STATEMENTS.fingerprint:
        return {"empty": _NOT_OF_ONE}
    # With its numerics, which a process that shows no such page need not load.
    from clinical_engine.profiling.growth.estimating import estimate  # noqa: PLC0415

    try:
        verdict = estimate(days, limits)
    except (ArithmeticError, ValueError):
        return {"empty": _NOT_NOW}
    if not verdict.fits:
        return {"empty": verdict.reason}
    drivers = _drivers(days, verdict.fits)
    rows = [
        _row(measure, drivers, days, [fit for fit in verdict.fits if fit.measure == measure])
        for measure in Measure
    ]
    return {"drivers": [words.driver(each) for each in drivers], "rows": rows}


def _drivers(days: Sequence[Day], fits: Sequence[Fit]) -> Sequence[str]:
    """The patients first; those that have not moved last."""
    known = {*days[-1].drivers, *(fit.driver for fit in fits)}
    moved = {fit.driver for fit in fits}
    return sorted(known, key=lambda name: (name not in moved, name != _PREFERRED, name))


def _row(measure: Measure, drivers: Sequence[str], days: Sequence[Day], fits: Sequence[Fit]) -> Powers:
    by_driver = {fit.driver: fit for fit in fits}
    each = [_power(name, by_driver.get(name), is_taken=fits[:1] == [by_driver.get(name)]) for name in drivers]
    return Powers(words.cost(measure), each, _why(fits) if fits else _why_not(measure, days))


def _why_not(measure: Measure, days: Sequence[Day]) -> str:
    seldom = median(day.calls for day in days) < _SLOWEST_OF
    return _TOO_FEW if seldom and measure is Measure.SLOW_DURATION else _UNCHANGED


def _power(name: str, fit: Fit | None, *, is_taken: bool) -> Power:
    if fit is None:
        return Power(words.driver(name), "", "", is_taken=False)
    bounds = f"{_digits(fit.low)} to {_digits(fit.high)}"
    return Power(words.driver(name), _digits(fit.exponent), bounds, is_taken)


def _digits(power: float) -> str:
    """Two of them; and no sign before nothing."""
    return f"{round(power, 2) + 0.0:.2f}"


def _why(fits: Sequence[Fit]) -> str:
    """Of the fits of a measure, the best first."""
    taken = words.driver(fits[0].driver)
    if len(fits) == 1:
        return f"With {taken}: nothing else has moved."
    if fits[0].driver == _PREFERRED:
        return f"With {taken}: no other explains it much better."
    if any(fit.driver == _PREFERRED for fit in fits):
        return f"With {taken}: that explains it much better than {words.driver(_PREFERRED)} do."
    return f"With {taken}: that explains it best."
