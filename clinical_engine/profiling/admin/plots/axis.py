"""An axis: which stretch of numbers it shows, where each lies on it, and which are written beside it."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from math import ceil, floor, log10

Written = Callable[[float], str]
_STEPS = (1, 2, 5, 10)
_MOST_TICKS = 5
# In powers of ten.
_WIDE = 2
# The stretch beyond what is drawn, as a share of the axis: marks at the edge would be cut in halves.
_MARGIN = 0.06
# Names stand there, above all marks.
_HEAD = 0.2
_LEAST = 1e-9
# How far an axis goes on which all is nothing: its numbers are whole.
_OF_NOTHING = 4.0


@dataclass(frozen=True, slots=True)
class Axis:
    """From `low` to `high`, which is greater; logarithmic ones begin above nothing."""

    low: float
    high: float
    is_logarithmic: bool = False

    def place(self, value: float) -> float:
        """How far from the lower end a number lies, in per cent; what lies outside is put at the nearer end."""
        inside = min(max(value, self.low), self.high)
        if self.is_logarithmic:
            return log10(inside / self.low) / log10(self.high / self.low) * 100
        return (inside - self.low) / (self.high - self.low) * 100

    def ticks(self, written: Written) -> list[tuple[float, str]]:
        """Some round numbers, each with its place and as it is written."""
        values = list(self._powers()) if self.is_logarithmic else []
        # A stretch may have no more than one of the powers.
        values = values if len(values) > 1 else list(self._rounds())
        thinned = values[:: ceil(len(values) / _MOST_TICKS) or 1]
        return [(self.place(value), written(value)) for value in thinned]

    def between(self, number: int) -> list[float]:
        """Numbers evenly spread over the axis as it is drawn, both ends among them."""
        steps = [place / (number - 1) for place in range(number)]
        if self.is_logarithmic:
            return [self.low * (self.high / self.low) ** step for step in steps]
        return [self.low + (self.high - self.low) * step for step in steps]

    def _rounds(self) -> Iterator[float]:
        step = _step((self.high - self.low) / _MOST_TICKS)
        for count in range(ceil(self.low / step), floor(self.high / step) + 1):
            yield count * step

    def _powers(self) -> Iterator[float]:
        """1, 10, 100; within less than two powers of ten also 2 and 5."""
        first, last = floor(log10(self.low)), ceil(log10(self.high))
        steps = (1,) if log10(self.high / self.low) >= _WIDE else (1, 2, 5)
        values = (step * 10.0**power for power in range(first, last + 1) for step in steps)
        yield from (value for value in values if self.low <= value <= self.high)


def from_nothing(values: Sequence[float]) -> Axis:
    """A linear axis that begins at nothing."""
    highest = max(values)
    return Axis(0.0, (highest if highest >= _LEAST else _OF_NOTHING) * (1 + _HEAD))


def logarithmic(values: Sequence[float]) -> Axis:
    """A logarithmic axis over the numbers above nothing; there is one at least."""
    known = [max(value, _LEAST) for value in values if value > 0] or [1.0]
    low, high = min(known), max(known)
    # A thin stretch would show noise as if it were growth.
    span = max(log10(high / low), 0.3)
    middle = (log10(high) + log10(low)) / 2
    reach = span * (0.5 + _MARGIN)
    return Axis(10 ** (middle - reach), 10 ** (middle + reach), is_logarithmic=True)


def _step(wanted: float) -> float:
    power: float = 10.0 ** floor(log10(wanted))
    return next(step * power for step in _STEPS if step * power >= wanted * (1 - 1e-9))
