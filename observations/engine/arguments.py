"""What a function of the language is given to work with: its call, which checks the arguments' kinds."""

from typing import NamedTuple, Never, TypeAlias

from observations.engine.code import Place, failure
from observations.engine.errors import NotComputable
from observations.engine.limits import NUMBER_LIMIT
from observations.engine.values import NUMBERS, Kind, Plain, kind_of

Number: TypeAlias = float
Numbers: TypeAlias = tuple[Number, ...]


class Call(NamedTuple):
    """One call in the script: of which function, where, and the name or field that it reads, if it is one."""

    function: str
    place: Place
    reads: str | None

    def fail(self, reason: str) -> Never:
        """End the run: the call broke a rule."""
        raise failure(self.place, f"{self.function} {reason}")

    def not_computable(self, why: str) -> Never:
        """End the run: there is not enough to compute from."""
        raise NotComputable(
            f"no value for {self.reads}" if self.reads else f"no value: {self.function} of {why}"
        )

    def number(self, value: Plain) -> Number:
        """Give the argument, which must be a number."""
        if type(value) not in NUMBERS:
            self.fail(f"needs {Kind.NUMBER}, not {kind_of(value)}")
        number: Number = value
        return number

    def items(self, value: object) -> tuple[object, ...]:
        """Give the argument, which must be a list."""
        if type(value) is not tuple:
            self.fail(f"needs {Kind.LIST}, not {kind_of(value)}")
        return value

    def numbers(self, value: object) -> Numbers:
        """Give the argument, which must be a list of numbers."""
        items: tuple[Plain, ...] = self.items(value)
        if not NUMBERS.issuperset(map(type, items)):
            self.fail("needs a list of numbers only")
        return items

    def some_numbers(self, value: object) -> Numbers:
        """Give the argument, which must be a list of numbers; an empty one ends the run as not computable."""
        numbers = self.numbers(value)
        if not numbers:
            self.not_computable("an empty list")
        return numbers

    def bounded(self, value: Number) -> Number:
        """Give a result, which must be finite and below the limit in size."""
        if not -NUMBER_LIMIT < value < NUMBER_LIMIT:
            self.fail("gives a result that is not below 1e15 in size")
        return value
