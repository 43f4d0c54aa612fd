"""Scripts put together at random, of which many run: names change their kinds, branches set some and not others."""

import random
from collections.abc import Callable

from observations.engine import Input

NAMES = ("a", "b", "c", "d", "e")
NUMBERS: tuple[Input, ...] = (0, 1, -2, 2.5, 7, 0.0, 3, 4.5, 12)
_READINGS: list[dict[str, float | None]] = [{"p": 1, "q": 2}, {"p": 3, "q": None}]
VALUES: tuple[Input, ...] = (
    *(None, True, False, "A", "", "high", 1, -2.5),
    *([], [1, 2, 3], [0.5, -1, 12, 4], ["A", "B"], [True], list(range(30))),
    *({"p": 1, "q": None}, {"p": 2.5, "q": 3}, {"p": "A"}),
    _READINGS,
)
_LITERALS = ("0", "1", "2", "2.5", "-3", "7", "1", "0.5")
_ARITHMETIC = ("+", "-", "*", "/", "%", "**")
_COMPARISONS = ("<", "<=", ">", ">=", "==", "!=", "in", "not in")
_FUNCTIONS = ("min", "max", "sum", "mean", "median", "stdev", "len", "abs", "sqrt", "log", "exp", "floor")


class Scripts:
    """Gives one script after the other from a seed."""

    def __init__(self, seed: int) -> None:
        self._chance = random.Random(seed)  # noqa: S311
        self._forms: tuple[Callable[[int], str], ...] = (
            *(self._leaf, self._leaf, self._calculation, self._calculation, self._comparison, self._field),
            *(self._call, self._decision, self._conditional, self._list, self._record, self._comprehension),
            *(self._index, self._question, self._sign, self._table),
        )

    def inputs(self) -> dict[str, Input]:
        """Give a value, or none, for each name."""
        return {name: self._chance.choice(self._chance.choice((NUMBERS, VALUES))) for name in NAMES}

    def script(self) -> str:
        """Give a script of a few statements."""
        lines = [line for _ in range(self._chance.randint(1, 4)) for line in self._statement(0)]
        return "\n".join([*lines, f"result = {self._expression(1)}"])

    def _statement(self, depth: int) -> list[str]:
        if depth < 3 and self._chance.random() < 0.35:
            return self._choice(depth)
        return [f"{self._chance.choice(NAMES)} = {self._value(self._chance.randint(0, 2))}"]

    def _value(self, depth: int) -> str:
        return "None" if self._chance.random() < 0.05 else self._expression(depth)

    def _choice(self, depth: int) -> list[str]:
        lines: list[str] = []
        for word in ["if", *(["elif"] * self._chance.randint(0, 2)), "else"][: self._chance.randint(1, 4)]:
            lines.append("else:" if word == "else" else f"{word} {self._condition(1)}:")
            lines += [
                f" {line}" for _ in range(self._chance.randint(1, 3)) for line in self._statement(depth + 1)
            ]
        return lines

    def _condition(self, depth: int) -> str:
        return self._chance.choice((self._comparison, self._decision, self._question, self._name))(depth)

    def _expression(self, depth: int) -> str:
        return self._leaf(depth) if depth <= 0 else self._chance.choice(self._forms)(depth - 1)

    def _leaf(self, _depth: int) -> str:
        return self._chance.choice(NAMES if self._chance.random() < 0.85 else _LITERALS)

    def _name(self, _depth: int) -> str:
        return self._chance.choice(NAMES)

    def _calculation(self, depth: int) -> str:
        return f"({self._expression(depth)} {self._chance.choice(_ARITHMETIC)} {self._expression(depth)})"

    def _comparison(self, depth: int) -> str:
        return f"({self._expression(depth)} {self._chance.choice(_COMPARISONS)} {self._expression(depth)})"

    def _decision(self, depth: int) -> str:
        operands = [self._condition(depth - 1) if depth > 0 else self._name(0) for _ in range(3)]
        return f"({self._chance.choice((' and ', ' or ')).join(operands)})"

    def _conditional(self, depth: int) -> str:
        return f"({self._value(depth)} if {self._condition(depth)} else {self._value(depth)})"

    def _call(self, depth: int) -> str:
        function = self._chance.choice(_FUNCTIONS)
        several = function in {"min", "max"} and self._chance.random() < 0.5
        return f"{function}({self._expression(depth)}{f', {self._expression(depth)}' if several else ''})"

    def _table(self, depth: int) -> str:
        points = self._chance.choice(("[3, 1, 0]", '["A", "B", "C"]', '[1, "A", True]', "d", "[a, b, c]"))
        return f"band({self._expression(depth)}, [1, 2.5], {points})"

    def _list(self, depth: int) -> str:
        return f"[{', '.join(self._expression(depth - 1) for _ in range(self._chance.randint(1, 4)))}]"

    def _record(self, depth: int) -> str:
        return f'{{"p": {self._value(depth - 1)}, "q": {self._value(depth - 1)}}}'

    def _comprehension(self, depth: int) -> str:
        test = f" if {self._condition(depth - 1)}" if self._chance.random() < 0.5 else ""
        return f"[{self._expression(depth - 1)} for {self._chance.choice(NAMES)} in {self._name(0)}{test}]"

    def _field(self, depth: int) -> str:
        return f"{self._name(0) if depth < 2 else self._index(0)}.{self._chance.choice('pq')}"

    def _index(self, depth: int) -> str:
        return f"{self._chance.choice(NAMES)}[{self._leaf(depth)}]"

    def _question(self, _depth: int) -> str:
        what = f"{self._chance.choice(NAMES)}{self._chance.choice(('', '', '.p', '.q'))}"
        return f"({what} {self._chance.choice(('is None', 'is not None'))})"

    def _sign(self, depth: int) -> str:
        return f"{self._chance.choice(('-', 'not '))}{self._expression(depth)}"
