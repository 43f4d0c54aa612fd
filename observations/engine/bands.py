"""band(x, limits, points): the table by which published scores turn a measurement into points."""

from bisect import bisect_left
from itertools import pairwise

from observations.engine.arguments import Call, Numbers


def band(call: Call, value: object, limits: object, points: object) -> object:
    """Give the points of the first limit that is not below the value, else the last points."""
    number = call.number(value)
    ordered = call.numbers(limits)
    awarded = call.items(points)
    fault = fault_of(ordered, awarded)
    if fault:
        call.fail(fault)
    return awarded[bisect_left(ordered, number)]


def fault_of(limits: Numbers, points: tuple[object, ...]) -> str | None:
    """Say what is wrong with a table, or None.

    Limits out of order or one row of points too few would give a patient a plausible wrong score.
    """
    if len(points) != len(limits) + 1:
        return "needs one more item in points than in limits: the last one is for what is above every limit"
    if any(lower >= upper for lower, upper in pairwise(limits)):
        return "needs limits that ascend"
    return None
