"""Whether a statement is suddenly slower, as when the database has chosen another plan."""

from math import sqrt

from clinical_engine.profiling.durations import Durations, percentile

RECENT = 40
"""Executions that are best kept as the recent ones: with more, a change is noticed only after more."""
_LEAST_RECENT = 12
_LEAST_USUAL = 100
_SHARES = (0.1, 0.25, 0.5, 0.75, 0.9)
_FACTOR = 2.65
_CERTAIN = 5.0


def changed_by(usual: Durations, recent: Durations) -> float | None:
    """The factor by which the recent executions are slower than the usual ones; None where that may be chance.

    `usual` are those of days, without the recent ones; `recent` the last `RECENT` or so. A new plan makes fast and slow executions
    slower alike; that slow ones happen to come together does not, so the least of the factors at several shares counts. Too few of
    either (12, and 100) tell nothing.
    """
    if sum(recent.values()) < _LEAST_RECENT or sum(usual.values()) < _LEAST_USUAL:
        return None
    factor = min((percentile(recent, share) or 1.0) / (percentile(usual, share) or 1.0) for share in _SHARES)
    return factor if factor >= _FACTOR and _certainty(usual, recent) >= _CERTAIN else None


def _certainty(usual: Durations, recent: Durations) -> float:
    """By how many standard errors the recent ones rank higher (Mann and Whitney 1947)."""
    new, old = sum(recent.values()), sum(usual.values())
    below = 0
    higher = 0.0
    for bucket in sorted(usual.keys() | recent.keys()):
        higher += recent.get(bucket, 0) * (below + usual.get(bucket, 0) / 2)
        below += usual.get(bucket, 0)
    return (higher / (new * old) - 0.5) / sqrt((new + old + 1) / (12 * new * old))
