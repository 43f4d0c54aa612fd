"""The functions of the language, each pure and of a cost that its argument bounds.

A function takes a `Call`, which knows where it stands, and plain values whose kinds it checks itself.
"""

import math
from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

from observations.engine.arguments import Call, Number, Numbers
from observations.engine.bands import band
from observations.engine.errors import NotComputable
from observations.engine.limits import MAX_ITEMS, MAX_ROUND_DIGITS


class Function(NamedTuple):
    """How many arguments a function takes, what it does with them, and whether it reads lists."""

    least: int
    most: int
    apply: Callable[..., object]
    lists: bool = False


def total(call: Call, values: object) -> Number:
    """Sum of a list, exact and rounded once (math.fsum); whole for whole numbers, 0 for an empty list."""
    numbers = call.numbers(values)
    plain = sum(numbers)
    return call.bounded(plain if type(plain) is int else math.fsum(numbers))


def mean(call: Call, values: object) -> Number:
    """Arithmetic mean of a list: its exact sum, rounded once, divided by its length."""
    numbers = call.some_numbers(values)
    # Rounding keeps order: no mean is above that of the largest number, which no list length rounds up to 1e15.
    return math.fsum(numbers) / len(numbers)


def median(call: Call, values: object) -> Number:
    """Middle value of a list; of an even number of values, the mean of the middle two."""
    ordered = sorted(call.some_numbers(values))
    middle = len(ordered) // 2
    return ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2


def stdev(call: Call, values: object) -> Number:
    """Sample standard deviation (n - 1 in the denominator) of a list of two values or more."""
    numbers = call.some_numbers(values)
    if len(numbers) == 1:
        raise NotComputable("no value: stdev of fewer than two values")
    centre = math.fsum(numbers) / len(numbers)
    squares = math.fsum((number - centre) ** 2 for number in numbers)
    return call.bounded(math.sqrt(squares / (len(numbers) - 1)))


def smallest(call: Call, *values: object) -> Number:
    """Give the smallest number of a list, or of two or more arguments."""
    return min(_either(call, values))


def largest(call: Call, *values: object) -> Number:
    """Give the largest number of a list, or of two or more arguments."""
    return max(_either(call, values))


def _either(call: Call, values: tuple[object, ...]) -> Numbers:
    if len(values) == 1:
        return call.some_numbers(values[0])
    return tuple(call.number(value) for value in values)


def length(call: Call, values: object) -> int:
    """Give how many items a list has."""
    return len(call.items(values))


def absolute(call: Call, value: object) -> Number:
    """Size of a number without its sign."""
    return abs(call.number(value))


def square_root(call: Call, value: object) -> Number:
    """Square root of a number that is not below 0."""
    number = call.number(value)
    if number < 0:
        call.fail("needs a number that is not below 0")
    return math.sqrt(number)


def logarithm(call: Call, value: object) -> Number:
    """Natural logarithm of a number above 0."""
    number = call.number(value)
    if number <= 0:
        call.fail("needs a number above 0")
    return math.log(number)


def exponential(call: Call, value: object) -> Number:
    """The number e to the power of the argument."""
    # exp(40) is beyond the limit; asked first, so that exp(1e14) is an answer and not an OverflowError.
    return call.bounded(math.exp(min(call.number(value), 40)))


def floor(call: Call, value: object) -> int:
    """Give the largest whole number that is not above the argument."""
    return math.floor(call.number(value))


def rounded(call: Call, value: object, digits: object = None) -> Number:
    """Nearest number with so many decimals (whole without them); halfway goes to the even neighbour."""
    number = call.number(value)
    if digits is None:
        return call.bounded(round(number))
    if type(digits) is not int or not -MAX_ROUND_DIGITS <= digits <= MAX_ROUND_DIGITS:
        call.fail(f"needs a whole number of decimals, from -{MAX_ROUND_DIGITS} to {MAX_ROUND_DIGITS}")
    return call.bounded(round(number, digits))


FUNCTIONS: Final[Mapping[str, Function]] = {
    "min": Function(1, MAX_ITEMS, smallest, lists=True),
    "max": Function(1, MAX_ITEMS, largest, lists=True),
    "sum": Function(1, 1, total, lists=True),
    "mean": Function(1, 1, mean, lists=True),
    "median": Function(1, 1, median, lists=True),
    "stdev": Function(1, 1, stdev, lists=True),
    "len": Function(1, 1, length, lists=True),
    "abs": Function(1, 1, absolute),
    "sqrt": Function(1, 1, square_root),
    "log": Function(1, 1, logarithm),
    "exp": Function(1, 1, exponential),
    "floor": Function(1, 1, floor),
    "round": Function(1, 2, rounded),
    "band": Function(3, 3, band, lists=True),
}
