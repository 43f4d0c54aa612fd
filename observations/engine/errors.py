"""How a script ends when it does not end with a value. No text here ever carries a value of a patient."""

from typing import NamedTuple


class Problem(NamedTuple):
    """Why a source is refused: where (from 1; 0, 0 when no place is at fault) and what to write instead."""

    line: int
    column: int
    message: str

    def __str__(self) -> str:
        if not self.line:
            return self.message
        return f"line {self.line}, column {self.column}: {self.message}"


class ScriptRefused(Exception):  # noqa: N818  it is an answer to the author
    """The source is not a script of this language; `problems` says what is wrong, in the source's order."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__(problems)
        self.problems = problems

    def __str__(self) -> str:
        return "\n".join(str(problem) for problem in self.problems)


class ScriptFailed(Exception):  # noqa: N818  named as the pages of the design name it
    """A run broke a rule of the language: division by zero, a wrong kind of value, a bound exceeded.

    `line` and `column` count from 1; both are 0 when an input is at fault rather than a place in the source.
    """

    def __init__(self, line: int, column: int, reason: str) -> None:
        super().__init__(line, column, reason)
        self.line = line
        self.column = column
        self.reason = reason

    def __str__(self) -> str:
        return str(Problem(self.line, self.column, self.reason))


class NotComputable(Exception):  # noqa: N818  it is no error
    """A measurement that the script reads has no value: a result of the script, not a failure of it."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
