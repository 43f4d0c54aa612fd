"""What a statement costs whatever there is of its driver: beneath it growth looks slower than it is."""

from dataclasses import dataclass
from math import log

from clinical_engine.profiling.admin import words
from clinical_engine.profiling.admin.verdicts import main_fit
from clinical_engine.profiling.growth.verdicts import Curve, Outlook, Verdict

# Of what it costs now. A smaller part does not change how the growth looks.
_LEAST_SHARE = 0.2


@dataclass(frozen=True, slots=True)
class FixedCost:
    """The part in the unit of its measure, its share of what the statement costs now, and the power of the whole now and then."""

    measure: str
    cost: float
    share: float
    power_now: float
    power_at_limit: float

    @property
    def short(self) -> str:
        """How much, for a cell."""
        return f"above a fixed {words.amount(self.measure, self.cost)}"

    @property
    def sentence(self) -> str:
        """How much, and what it hides."""
        return (
            f"{words.amount(self.measure, self.cost)} are fixed, {self.share:.0%} of what it costs now, and hide how fast the"
            f" rest grows: the power is {self.power_now:.2f} now and {self.power_at_limit:.2f} at the limit."
        )


def fixed_cost(verdict: Verdict | None) -> FixedCost | None:
    """That of a statement that grows towards a limit; None where there is none worth telling."""
    fit = main_fit(verdict)
    if verdict is None or fit is None or verdict.outlook is not Outlook.GROWS or verdict.crossing is None:
        return None
    met, curve = verdict.crossing, fit.curve
    if (met.measure, met.driver) != (fit.measure, fit.driver) or met.driver_now <= 1 or curve.fixed <= 0:
        return None
    share = curve.fixed / curve.at(met.driver_now)
    if share < _LEAST_SHARE:
        return None
    now, then = (_power(curve, driver) for driver in (met.driver_now, met.driver_at_limit))
    return FixedCost(fit.measure, curve.fixed, share, now, then)


def _power(curve: Curve, driver: float) -> float:
    """The slope of the curve there, on logarithmic scales."""
    growing = 1 - curve.fixed / curve.at(driver)
    return growing * (curve.power + curve.logs / log(driver))
