"""Whether a statement is suddenly slower, as when the database has chosen another plan.

By likelihood: are the recent executions the usual ones made slower by a factor, or the usual ones? Two things that are no change
look like one. A bad day makes all of them slower by a little, so what is asked for is clearly more than that. And calls of a slow
way come together, as a job's do, so how many of them there are is weak evidence: five executions count as one.
"""

from collections import defaultdict
from math import log

from clinical_engine.profiling.durations import BUCKETS_PER_DOUBLING, Durations, percentile

RECENT = 40
"""Executions that are best kept as the recent ones: with more, a change is noticed only after more."""
_LEAST_RECENT = 12
_LEAST_USUAL = 100
_SUSPECT = 2.0
"""Of the medians, without which the rest need not be looked at."""
_USUALLY = range(3)
"""Buckets by which an ordinary day is slower: up to 1.4 times."""
_CHANGED = 6
"""Buckets by which it is after a change, at the least: 2.8 times. Days that are 2.5 times as slow pass by themselves."""
_UNLIKE_USUAL = 5.0
_UNLIKE_A_BAD_DAY = 4.0
"""By how much the logarithm of the likelihood must be better than without a change, and than with a lesser one."""
_COME_TOGETHER = 5
_RAREST = 0.01
"""What fewer executions do is no way of its own, of which there may be more for once."""
_BLUR = (1 / 9, 2 / 9, 3 / 9, 2 / 9, 1 / 9)
_ANYTHING = 5e-5
"""Of a bucket, the chance that an execution is there for no reason."""


def changed_by(usual: Durations, recent: Durations) -> float | None:
    """The factor by which the recent executions are slower than the usual ones; None where that may be chance.

    `usual` are those of days, without the recent ones; `recent` the last `RECENT` or so. Too few of either (12, and 100) tell
    nothing.
    """
    if sum(recent.values()) < _LEAST_RECENT or sum(usual.values()) < _LEAST_USUAL:
        return None
    if (percentile(recent, 0.5) or 1.0) < _SUSPECT * (percentile(usual, 0.5) or 1.0):
        return None
    told = _Told(usual, recent)
    likely = [told.made_slower(by) for by in range(max(recent) - min(usual) + 1)]
    best = max(range(_CHANGED, len(likely)), key=likely.__getitem__, default=None)
    if best is None or likely[best] - max(likely[:_CHANGED]) < _UNLIKE_A_BAD_DAY:
        return None
    as_usual = max(likely[by] + told.mixed_otherwise(by) for by in _USUALLY)
    if likely[best] + told.mixed_otherwise(best) - as_usual < _UNLIKE_USUAL:
        return None
    return float(2 ** (best / BUCKETS_PER_DOUBLING))


class _Told:
    """The recent executions, told as the usual ones that are so many buckets slower."""

    def __init__(self, usual: Durations, recent: Durations) -> None:
        self._recent = recent
        count = sum(usual.values())
        shares: dict[int, float] = defaultdict(float)
        for bucket, executions in usual.items():
            for away, weight in enumerate(_BLUR, -2):
                shares[bucket + away] += weight * executions / count
        self._logs = {bucket: log(share + _ANYTHING) for bucket, share in shares.items()}
        self._first, self._last = min(shares), max(shares)
        self._above = [0.0]
        for bucket in range(self._last, self._first - 1, -1):
            self._above.append(self._above[-1] + shares.get(bucket, 0.0))

    def made_slower(self, by: int) -> float:
        """The logarithm of the likelihood."""
        nowhere = log(_ANYTHING)
        return sum(number * self._logs.get(bucket - by, nowhere) for bucket, number in self._recent.items())

    def mixed_otherwise(self, by: int) -> float:
        """What is gained where more or fewer of them may be slow than usually: those above the bucket that gains most."""
        count, seen, gained = sum(self._recent.values()), 0, 0.0
        for bucket in sorted(self._recent):
            below = seen
            seen += self._recent[bucket]
            for cut, under in ((bucket, below), (bucket + 1, seen)):
                gained = max(gained, _apart(1 - under / count, self._share_above(cut - by)))
        return count * gained * (1 - 1 / _COME_TOGETHER)

    def _share_above(self, bucket: int) -> float:
        place = min(max(self._last - bucket + 1, 0), len(self._above) - 1)
        return min(max(self._above[place], _RAREST), 1 - _RAREST)


def _apart(share: float, usually: float) -> float:
    """The relative entropy of two shares (Kullback and Leibler 1951)."""
    ways = ((share, usually), (1 - share, 1 - usually))
    return sum(part * log(part / whole) for part, whole in ways if part > 0)
