"""The exponents of a statement's costs: each measure against each driver that has moved."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import log

import numpy as np

from clinical_engine.profiling.growth.curves import curves_through
from clinical_engine.profiling.growth.points import Figures, Points
from clinical_engine.profiling.growth.slopes import Noises, Slope
from clinical_engine.profiling.growth.steps import Step, steps_in
from clinical_engine.profiling.growth.verdicts import Curve, Fit, Measure

MOVED = log(1.1)
"""A driver that has moved by less tells nothing."""
_TWO_SIDED_95 = 1.96
_PREFERRED = "active_patients"
# A third of a power of ten, about: what other drivers must be likelier by, for people think in patients.
_CLEARLY = 3.0
SHAPES = (0.0, 1.0, 2.0)
"""The logarithm of a cost may go with that of its driver, or, above a fixed part, more with the driver or its square."""


@dataclass(frozen=True)
class Fitted:
    """A measure against a driver: `cost` as if all releases had been as the last one. Both are logarithms."""

    measure: Measure
    driver: str
    slope: Slope
    cost: Figures
    against: Figures

    @property
    def low(self) -> float:
        """The exponent is higher, with 97.5 %."""
        return self.slope.value - _TWO_SIDED_95 * self.slope.error

    @property
    def high(self) -> float:
        """The exponent is lower, with 97.5 %."""
        return self.slope.value + _TWO_SIDED_95 * self.slope.error

    def curves(self, slope: float) -> list[Curve]:
        """As `curves_through`, in the unit of the measure."""
        return curves_through(self.against, self.cost, slope)

    def as_fit(self) -> Fit:
        """As others see it."""
        curve = self.curves(self.slope.value)[0]
        return Fit(self.measure, self.driver, self.slope.value, self.low, self.high, len(self.cost), curve)


@dataclass(frozen=True)
class Fits:
    """By measure, against each driver, the one that explains it best first; and the steps of the duration at releases."""

    by_measure: Mapping[Measure, Sequence[Fitted]]
    steps: Sequence[Step]
    noises: Noises


def moved(points: Points) -> Mapping[str, Figures]:
    """The drivers that have moved enough to tell something."""
    return {name: series for name, series in points.drivers.items() if np.ptp(series) > MOVED}


def fits_of(points: Points) -> Fits:
    """All of them. At least one driver must have moved."""
    drivers = moved(points)
    noises = Noises(points.times, points.calls)
    leading = drivers.get(_PREFERRED, next(iter(drivers.values())))
    of_duration = steps_in(points.measures[Measure.DURATION], points, leading)
    found = {}
    for measure, series in points.measures.items():
        of_time = measure in {Measure.DURATION, Measure.SLOW_DURATION}
        steps = of_duration if of_time else steps_in(series, points, leading)
        found[measure] = _against_each(noises, measure, series, steps, drivers)
    return Fits(found, of_duration, noises)


def _against_each(
    noises: Noises, measure: Measure, series: Figures, steps: Sequence[Step], drivers: Mapping[str, Figures]
) -> list[Fitted]:
    places = np.arange(len(series))
    after = [(places >= step.place).astype(float) for step in steps]
    level = series + sum((step.size * (places < step.place) for step in steps), np.zeros(len(series)))
    columns = [shaped(driver, power) for driver in drivers.values() for power in SHAPES]
    slopes = noises.slopes(series, np.column_stack(columns), np.column_stack([np.ones(len(series)), *after]))
    each = [
        Fitted(measure, name, _likeliest(slopes[place : place + len(SHAPES)]), level, driver)
        for place, (name, driver) in zip(range(0, len(slopes), len(SHAPES)), drivers.items(), strict=True)
    ]
    return sorted(each, key=lambda one: -one.slope.likelihood - _CLEARLY * (one.driver == _PREFERRED))


def shaped(driver: Figures, power: float) -> Figures:
    """The driver's logarithm, or a power of it, stretched so that a slope against it is the exponent in the middle."""
    if not power:
        return driver
    grown = np.exp(power * (driver - driver.mean()))
    return np.asarray(grown / (power * grown.mean()))


def _likeliest(slopes: Sequence[Slope]) -> Slope:
    return max(slopes, key=lambda slope: slope.likelihood)
