"""The axis of values: which stretch of numbers is drawn, and which numbers are written beside it."""

from collections.abc import Iterable
from dataclasses import dataclass
from math import ceil, floor, log10

# The stretch above and below what is drawn, as a share of it: marks at the edge would be cut in halves.
_MARGIN = 0.1
# In per cent of the height; at the edge itself, the mark would reach into the neighbouring plot.
_PINNED = 4.0
# Without a length nothing could be placed: all readings may be the same.
_LEAST_SHARE, _LEAST = 0.02, 1e-6
# Above and below nothing but zeros: of those the least would be drawn as if millionths counted.
_AROUND_ZERO = 1.0
_STEPS = (1, 2, 5, 10)
_TICKS = 5
# Written out, they would take the room of the unit, and of the drawing.
_LONG, _MOST_DIGITS = 1e7, 4


@dataclass(frozen=True, slots=True)
class ValueAxis:
    """The stretch of numbers that is drawn; `low` is less than `high`."""

    low: float
    high: float

    def place(self, value: float) -> float:
        """How far below the upper edge a number lies, in per cent of the height; what lies outside is put at the nearer edge."""
        return min(max((self.high - value) / (self.high - self.low) * 100, 0.0), 100.0)

    def place_of_mark(self, value: float) -> float:
        """The same for a mark: one of what lies outside stands beside the edge."""
        return min(max(self.place(value), _PINNED), 100 - _PINNED)

    def holds(self, value: float) -> bool:
        """Whether the number lies within, so that its place shows how large it is."""
        return self.low <= value <= self.high

    def ticks(self) -> list[tuple[float, str]]:
        """Two to six round numbers, each with its place."""
        step = _step(self.high - self.low)
        first, last = ceil(self.low / step), floor(self.high / step)
        magnitude = floor(log10(step))
        is_long = max(abs(first), abs(last)) * step >= _LONG or magnitude < -_MOST_DIGITS
        written = _with_its_power if is_long else _written
        return [
            (self.place(count * step), written(count * step, magnitude)) for count in range(first, last + 1)
        ]


def axis_over(trusted: Iterable[float], doubtful: Iterable[float]) -> ValueAxis:
    """An axis for all trusted numbers, and the doubtful ones as long as they leave half of it to the trusted; one at least."""
    sure, unsure = list(trusted), list(doubtful)
    low, high = min(sure or unsure), max(sure or unsure)
    least = max(_LEAST, _LEAST_SHARE * max(abs(low), abs(high))) if low or high else _AROUND_ZERO
    if high - low < least:
        low, high = low - least, high + least
    # A thousand-fold value would press all others into one line.
    room = (high - low) / 2
    low, high = (
        max(min([low, *unsure]), low - room),
        min(max([high, *unsure]), high + room),
    )
    margin = (high - low) * _MARGIN
    return ValueAxis(low - margin, high + margin)


def _step(span: float) -> float:
    wanted = span / _TICKS
    power: float = 10.0 ** floor(log10(wanted))
    return next(step * power for step in _STEPS if step * power >= wanted * (1 - 1e-9))


def _written(value: float, magnitude: int) -> str:
    """A number with the digits that the step has, whose power of ten is `magnitude`."""
    # The negative zero of rounding.
    return f"{value + 0.0:.{max(0, -magnitude)}f}"


def _with_its_power(value: float, magnitude: int) -> str:
    """The same as it is written where digits are too many, such as 1.5e7."""
    if not value:
        return "0"
    exponent = floor(log10(abs(value)) + 1e-9)
    return f"{_written(value / 10.0**exponent, magnitude - exponent)}e{exponent}"
