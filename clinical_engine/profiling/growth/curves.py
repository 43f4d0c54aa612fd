"""From a slope on logarithmic scales to a curve that reaches beyond what was seen, and to where it meets a limit.

A cost is a fixed part and one that grows linearly, with n log n or with the square. Near the fixed part the slope is low, and it
rises later: going on with the slope would promise headroom that is not there. So the part that is fixed is worked out from the
slope for each shape, and the shape that follows the points best is taken. A slope above those of the shapes goes on as it is.
"""

from dataclasses import replace
from math import exp, log

import numpy as np

from clinical_engine.profiling.growth.points import Figures
from clinical_engine.profiling.growth.verdicts import Curve

_SHAPES = ((1.0, 0), (1.0, 1), (2.0, 0))
"""Powers of the driver and of its logarithm."""
_PLAUSIBLE = 1.2
"""Squares that are left, against those of the best shape."""
_RECENT_SHARE = 4
_FARTHEST = log(1e15)
_HALVINGS = 50
_STEEPEST = 15.0
"""A slope of a driver that hardly moved may be anything; with this one the most of a driver is still a number."""


def curves_through(driver: Figures, cost: Figures, slope: float) -> list[Curve]:
    """Those of that slope that follow the points (logarithms) well, the best first. At the newest quarter they have its level."""
    slope = min(max(slope, -_STEEPEST), _STEEPEST)
    tried = []
    for place, (power, logs) in enumerate(_SHAPES):
        curve = _of_slope(float(np.mean(driver)), slope, power, logs)
        away = cost - np.log(curve.fixed + curve.factor * np.exp(curve.power * driver) * driver**curve.logs)
        tried.append(
            (
                float(np.var(away)),
                place,
                _raised(curve, float(np.median(away[-len(away) // _RECENT_SHARE :]))),
            )
        )
    tried.sort()
    return [curve for left, _, curve in tried if left <= _PLAUSIBLE * tried[0][0]]


def _of_slope(middle: float, slope: float, power: float, logs: int) -> Curve:
    """The curve that has that slope at the middle, and a cost of 1."""
    steepest = power + logs / max(middle, 1.0)
    if slope <= 0 or slope >= steepest or middle < 1:
        return Curve(0.0, exp(-slope * middle), slope)
    growing = slope / steepest
    return Curve(1 - growing, growing * exp(-power * middle) / middle**logs, power, logs)


def _raised(curve: Curve, by: float) -> Curve:
    return replace(curve, fixed=curve.fixed * exp(by), factor=curve.factor * exp(by))


def reaches(curve: Curve, limit: float) -> float:
    """The value of the driver at which the curve is at the limit; 1e15 where it is later or never."""
    low, high = 0.0, _FARTHEST
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if curve.at(exp(middle)) < limit else (low, middle)
    return exp(high)
