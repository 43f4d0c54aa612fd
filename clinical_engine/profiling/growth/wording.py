"""The sentence that says why, for people."""

from collections.abc import Sequence
from math import exp

import numpy as np

from clinical_engine.profiling.growth.fitting import Fitted
from clinical_engine.profiling.growth.verdicts import Change, Crossing, Measure

_NAMES = {
    Measure.DURATION: "duration",
    Measure.SLOW_DURATION: "duration of the slowest twentieth",
    Measure.ROWS: "number of rows",
    Measure.PARAMETERS: "number of parameters",
    Measure.VALUES: "number of values in lists",
}

# Of what it was: less than this is told as fallen.
_CHEAPER = 0.8


def words(name: str) -> str:
    """The name of a driver as people write it."""
    return name.replace("_", " ")


def grows(fit: Fitted, crossing: Crossing | None) -> str:
    """Of a statement that grows."""
    said = (
        f"The {_NAMES[fit.measure]} grows with the {words(fit.driver)} to the power of {fit.slope.value:.1f} "
        f"({max(fit.low, 0):.1f} to {fit.high:.1f})"
    )
    if crossing is None:
        return f"{said}."
    when = "in more than a century" if crossing.on is None else f"about {crossing.on:%B %Y}"
    return f"{said}; {crossing.limit_name} is reached at {crossing.driver_at_limit:,.0f} {words(crossing.driver)}, {when}."


def steady(fit: Fitted, changes: Sequence[Change]) -> str:
    """Of one that does not: it stayed as it was, or fell, or changed with releases."""
    # `cost` is as if all releases had been as the last one.
    fallen = exp(min(fit.slope.value, 0.0) * float(np.ptp(fit.against))) if fit.high < 0 else 1.0
    if fallen <= _CHEAPER:
        stayed = f"its duration fell by itself to about {fallen:.2g} times what it was"
    else:
        stayed = f"its duration stayed as it was{' between releases' if changes else ''} but for noise"
    return ". ".join([f"{_while(fit)}, {stayed}", *map(_changed, changes)]) + "."


def _changed(change: Change) -> str:
    way = "cheaper" if change.factor < 1 else "more expensive"
    return f"It became {way} with release {change.release}: {change.factor:.2g} times the duration before"


def unclear(fit: Fitted) -> str:
    """Of one that may."""
    return f"{_while(fit)}, its duration varied too much to tell growth from noise (power of {fit.low:.1f} to {fit.high:.1f})."


def _while(fit: Fitted) -> str:
    return f"While the {words(fit.driver)} became {exp(np.ptp(fit.against)):.1f} times as many"
