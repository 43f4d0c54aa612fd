"""The exponents of a statement's costs: each measure against each driver that has moved."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import expm1, log

import numpy as np

from clinical_engine.profiling.growth.curves import curves_through
from clinical_engine.profiling.growth.points import Figures, Points
from clinical_engine.profiling.growth.slopes import Noises, Slope
from clinical_engine.profiling.growth.steps import Step, steps_in
from clinical_engine.profiling.growth.verdicts import Curve, Fit, Measure

MOVED = log(1.05)
"""A driver that has moved by less tells nothing."""
_FALSE_ALARMS = 2e-5
_SLIGHT = 0.1
_IMPLAUSIBLE = 4.0
_TWO_SIDED_95 = 1.96
_PREFERRED = "active_patients"
_CLEARLY_BETTER = 3.0
_CONSTANT = 1e-9


@dataclass(frozen=True)
class Fitted:
    """A measure against a driver. `adjusted` is the cost as if all releases had been as the last one; logarithms."""

    measure: Measure
    driver: str
    slope: Slope
    cost: Figures
    against: Figures

    @property
    def low(self) -> float:
        return self.slope.value - _TWO_SIDED_95 * self.slope.error

    @property
    def high(self) -> float:
        return self.slope.value + _TWO_SIDED_95 * self.slope.error

    @property
    def grows(self) -> bool:
        """It grows, and by no chance; with a driver that explains it (no query grows with the fifth power)."""
        return self.slope.chance < _FALSE_ALARMS and self.slope.value > _SLIGHT and self.low < _IMPLAUSIBLE

    def curves(self, slope: float) -> list[Curve]:
        """As `curves_through`, in the unit of the measure."""
        return curves_through(self.against, self.cost, slope)

    def as_fit(self) -> Fit:
        """For others."""
        return Fit(
            self.measure,
            self.driver,
            self.slope.value,
            self.low,
            self.high,
            len(self.cost),
            self.curves(self.slope.value)[0],
        )


def fitted(points: Points) -> tuple[Mapping[Measure, list[Fitted]], list[Step]]:
    """By measure the drivers, the one that explains it best first, and the steps of the duration at releases."""
    moved = {name: series for name, series in points.drivers.items() if np.ptp(series) > MOVED}
    noises = Noises(points.times, points.calls)
    found = {}
    steps: list[Step] = []
    for measure, series in points.measures.items():
        own_steps = steps_in(series, points.releases)
        if measure is Measure.DURATION:
            steps = own_steps
        found[measure] = _against_each(noises, measure, series, own_steps, moved)
    return found, steps


def _against_each(
    noises: Noises, measure: Measure, series: Figures, steps: Sequence[Step], drivers: Mapping[str, Figures]
) -> list[Fitted]:
    places = np.arange(len(series))
    nuisance = np.array([(places >= step.place).astype(float) for step in steps]).reshape(len(steps), len(series)).T
    slopes = noises.slopes(series, np.column_stack(list(drivers.values())), nuisance)
    level = series + sum((step.size * (places < step.place) for step in steps), np.zeros(len(series)))
    each = [
        Fitted(measure, name, slope, level, against)
        for (name, against), slope in zip(drivers.items(), slopes, strict=True)
    ]
    return sorted(each, key=lambda one: -one.slope.likelihood - _CLEARLY_BETTER * (one.driver == _PREFERRED))
