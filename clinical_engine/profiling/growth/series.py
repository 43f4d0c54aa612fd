"""What is known of a statement, day by day."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from clinical_engine.profiling.durations import BUCKETS_PER_DOUBLING, Durations


@dataclass(frozen=True)
class Day:
    """What a statement cost in a day, or in the month that begins with it.

    `rows` is the mean of a call, `parameters` and `values` are the most of one execution, `drivers` how much there was of what may
    make it grow (of a month: the mean), `release` the one that ran last. Durations are microseconds, best from `quantile`.
    """

    day: date
    calls: int
    median_us: float
    p95_us: float
    rows: float
    parameters: int
    values: int
    drivers: Mapping[str, float]
    release: str


def quantile(durations: Durations, share: float) -> float | None:
    """Microseconds that the given share (0 to 1) of the executions stayed under, None without any.

    Within a bucket the executions are taken as spread evenly: a median that slowly rises does so in figures too, not in leaps of
    a fifth, which would look like releases.
    """
    wanted = share * sum(durations.values())
    seen = 0
    for bucket in sorted(durations):
        count = durations[bucket]
        if count and seen + count >= wanted:
            return float(2 ** ((bucket + (wanted - seen) / count) / BUCKETS_PER_DOUBLING))
        seen += count
    return None
