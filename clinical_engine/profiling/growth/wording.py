"""The sentence that says why, for people."""

from math import exp

import numpy as np

from clinical_engine.profiling.growth.fitting import Fitted
from clinical_engine.profiling.growth.verdicts import Crossing, Measure

_NAMES = {
    Measure.DURATION: "duration",
    Measure.SLOW_DURATION: "duration of the slowest twentieth",
    Measure.ROWS: "number of rows",
    Measure.PARAMETERS: "number of parameters",
    Measure.VALUES: "number of values in lists",
}


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


def steady(fit: Fitted) -> str:
    """Of one that does not."""
    return f"{_while(fit)}, its duration stayed as it was but for noise."


def unclear(fit: Fitted) -> str:
    """Of one that may."""
    return f"{_while(fit)}, its duration varied too much to tell growth from noise (power of {fit.low:.1f} to {fit.high:.1f})."


def _while(fit: Fitted) -> str:
    return f"While the {words(fit.driver)} became {exp(np.ptp(fit.against)):.1f} times as many"
