"""The Python that a script becomes: written line by line from our own words, then compiled.

As text rather than as a tree of nodes: as quick, a fraction of the memory, and a person can read what runs.
"""

from collections.abc import Callable, Sequence
from types import CodeType, FunctionType
from typing import Any, Final

from observations.engine.code import Place, spend
from observations.engine.limits import MAX_STEPS

FILE_NAME: Final = "<script>"


class Program:
    """One function in the making, with the constants and functions that its text names. It sees no others."""

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._namespace: dict[str, Any] = {"__builtins__": {}}
        self._texts: dict[str, str] = {}
        self._constants = 0
        self._indentation = " "
        self._payments: list[tuple[int, int, Place]] = []
        self.most_steps = 0
        """More than any run takes: every block and every branch of it, every list as long as lists get."""

    def use(self, function: Callable[..., object]) -> str:
        """Give the word for one of our own functions. Raises ValueError when another one has it already."""
        name = function.__name__
        if self._namespace.setdefault(name, function) != function:
            raise ValueError(f"Two of our functions are called {name}.")
        return name

    def constant(self, value: object) -> str:
        """Give the word for a value that is known before the run; one word for equal texts."""
        if isinstance(value, str) and value in self._texts:
            return self._texts[value]
        self._constants += 1
        word = f"k{self._constants}"
        self._namespace[word] = value
        if isinstance(value, str):
            self._texts[value] = word
        return word

    def write(self, line: str) -> None:
        """Add a line, which is not the author's but ours."""
        self._lines.append(self._indentation + line)

    def begin_block(self) -> int:
        """Keep a line for paying the steps of those that follow; gives its position for `pay`."""
        self._lines.append(self._indentation)
        return len(self._lines) - 1

    def pay(self, position: int, steps: int, place: Place) -> None:
        """Have a block, which is run once at most, pay its steps on entry."""
        self._payments.append((position, steps, place))
        self.most_steps += steps

    def indent(self, levels: int) -> None:
        """Have the lines that follow stand so many levels further in, or out."""
        self._indentation = " " * (len(self._indentation) + levels)

    def function(self, parameters: Sequence[str], result: str) -> Callable[..., Any]:
        """Compile what was written. The text is vetted by its making: nothing of the author's is in it.

        It takes the budget and the parameters, and gives what the name with that word has in the end.
        """
        # Steps that cannot be used up are only counted: most scripts have no more, and it is half of their code.
        begin, end = self._written_payments(are_sure=self.most_steps <= MAX_STEPS)
        lines = [f"def run(f,{','.join(parameters)}):", begin, *self._lines, end, f" return {result}\n"]
        module = compile("\n".join(lines), FILE_NAME, "exec", dont_inherit=True, optimize=0)
        [code] = [constant for constant in module.co_consts if isinstance(constant, CodeType)]
        return FunctionType(code, self._namespace)

    def _written_payments(self, *, are_sure: bool) -> tuple[str, str]:
        """Fill the lines that were kept; gives those to begin and to end with."""
        if are_sure:
            for position, steps, _ in self._payments:
                self._lines[position] += f"s+={steps}"
            return " s=0", " f[0]-=s"
        spending = self.use(spend)
        for position, steps, place in self._payments:
            self._lines[position] += f"{spending}(f,{steps},{place})"
        return "", ""
