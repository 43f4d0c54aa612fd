"""What is said of a statement: whether it grows, with what, and when it reaches its limit."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from math import exp, log


class Outlook(StrEnum):
    """What the past of a statement says of its future."""

    GROWS = "grows"
    STEADY = "steady"
    TOO_LITTLE_DATA = "too_little_data"


class Measure(StrEnum):
    """A cost of a statement. `DURATION` is the middle, `SLOW_DURATION` what one execution in twenty exceeds; microseconds."""

    DURATION = "duration"
    SLOW_DURATION = "slow_duration"
    ROWS = "rows"
    PARAMETERS = "parameters"
    VALUES = "values"


@dataclass(frozen=True)
class Curve:
    """`fixed + factor * driver ** power * log(driver) ** logs`."""

    fixed: float
    factor: float
    power: float
    logs: int = 0

    def at(self, driver_value: float) -> float:
        """The cost at a value of the driver, in the unit of the measure. Without a value of 1 or more, the fixed part."""
        if driver_value < 1 or not self.factor:
            return self.fixed
        grown = self.power * log(driver_value) + log(self.factor)
        # Past what a float holds it is over any limit just the same.
        return float(self.fixed + exp(min(grown, 690.0)) * log(driver_value) ** self.logs)


@dataclass(frozen=True)
class Fit:
    """Cost goes with this power of the driver, and with 95 % between low and high. `curve` is for drawing and reaching further."""

    measure: Measure
    driver: str
    exponent: float
    low: float
    high: float
    points: int
    curve: Curve

    def at(self, driver_value: float) -> float:
        """The cost that is typical at a value of the driver, in the unit of the measure."""
        return self.curve.at(driver_value)


@dataclass(frozen=True)
class Crossing:
    """The limit that is reached first, at which value of its driver, and when if the driver goes on as it does.

    Of the days, `on` is the likely one; None is more than a century away, or never while the driver stays or shrinks.
    """

    measure: Measure
    driver: str
    limit: float
    limit_name: str
    driver_now: float
    driver_at_limit: float
    on: date | None
    earliest: date | None
    latest: date | None


@dataclass(frozen=True)
class Change:
    """Since a release that came on a day, the durations are those before times the factor."""

    release: str
    day: date
    factor: float


@dataclass(frozen=True)
class Verdict:
    """All that is said of a statement. Of the fits, those that explain a measure best come first."""

    outlook: Outlook
    reason: str
    fits: Sequence[Fit]
    crossing: Crossing | None
    changes: Sequence[Change]
