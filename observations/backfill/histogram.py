"""How differences are spread: counts in bins that grow coarser as the range grows, so that slices can be added up."""

from collections import Counter
from collections.abc import Iterable, Mapping
from math import floor
from typing import Any, NamedTuple

MAX_BINS = 30
# Widths are 0.001, 0.002, 0.01, 0.02 and so on: whole bins of one make up a bin of the next.
_FACTORS = (2, 5)
_LOWEST, _HIGHEST = -40, 60


class Bin(NamedTuple):
    """How many differences there are with `low <= difference < high`."""

    low: float
    high: float
    number: int


class Histogram:
    """Counts of differences. The same ones give the same bins, in whatever order and portions they came."""

    def __init__(self, level: int = _LOWEST, counts: Mapping[int, int] | None = None) -> None:
        self._level = level
        self._counts = Counter(counts or {})

    @classmethod
    def stored(cls, stored: Mapping[str, Any] | None) -> "Histogram":
        """As `as_json` gave it; an empty one for None."""
        if not stored:
            return cls()
        return cls(stored["level"], {int(place): number for place, number in stored["counts"].items()})

    @property
    def as_json(self) -> dict[str, Any]:
        """For the row of the backfill."""
        return {
            "level": self._level,
            "counts": {str(place): number for place, number in sorted(self._counts.items())},
        }

    def add(self, differences: Iterable[float]) -> None:
        """Count more of them."""
        found = list(differences)
        if not found:
            return
        self._grow_to(_level_for(min(found), max(found)))
        self._counts.update(_place(difference, self._level) for difference in found)
        while self._counts and not _fits(min(self._counts), max(self._counts)):
            self._grow_to(self._level + 1)

    def bins(self) -> list[Bin]:
        """Every bin from the lowest to the highest that has any, with zero among them, those between included."""
        if not self._counts:
            return []
        width = _width(self._level)
        places = range(min(0, *self._counts), max(0, *self._counts) + 1)
        return [Bin(_exact(p * width), _exact((p + 1) * width), self._counts[p]) for p in places]

    def _grow_to(self, level: int) -> None:
        while self._level < level:
            factor = _FACTORS[self._level % 2]
            merged: Counter[int] = Counter()
            for place, number in self._counts.items():
                merged[place // factor] += number
            self._counts, self._level = merged, self._level + 1


def _width(level: int) -> float:
    return float(f"{1 + level % 2}e{level // 2}")


def _exact(bound: float) -> float:
    """The bound without what its multiplication left behind."""
    return float(f"{bound:.12g}")


def _place(difference: float, level: int) -> int:
    # Rounded, so that 0.3 lies in the bin that begins with 0.3 although 0.3 / 0.1 is a little less than 3.
    return floor(round(difference / _width(level), 9))


def _fits(low: int, high: int) -> bool:
    """Whether the bins between these two, zero's among them, are not too many."""
    return max(0, high) - min(0, low) < MAX_BINS


def _level_for(low: float, high: float) -> int:
    """The finest level at which the range fits."""
    levels = range(_LOWEST, _HIGHEST)
    return next((level for level in levels if _fits(_place(low, level), _place(high, level))), _HIGHEST)
