"""What is known of a statement, day by day."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True)
class Day:
    """What a statement cost in a day, or in the month that begins with it.

    `rows` is the mean of a call, `parameters` and `values` are the most of one execution, `drivers` how much there was of what may
    make it grow (of a month: the mean), `release` the one that ran last. Durations are microseconds: growth is told from
    `middle_us`, the geometric mean of the middle half, as the charts of cost show; a single day is shown with its median.
    """

    day: date
    calls: int
    median_us: float
    middle_us: float
    p95_us: float
    rows: float
    parameters: int
    values: int
    drivers: Mapping[str, float]
    release: str
    days: int = 1
    """Of a month those in which it may have run."""
