"""What the parts of one compilation share: the allow-list of nodes, the names, the places, the problems."""

import ast
from collections.abc import Callable, Iterable, Mapping
from functools import cached_property
from itertools import accumulate
from typing import Final, TypeAlias

from observations.engine import advice
from observations.engine.code import Code, Frame, Place, Run, constant, failure
from observations.engine.errors import Problem, ScriptRefused
from observations.engine.limits import MAX_NESTING, MAX_PROBLEMS, MAX_STEPS
from observations.engine.values import Kind, kind_of

Handler: TypeAlias = "Callable[[Context, ast.expr], Code]"

_REFUSED: Final = constant(None, Kind.ANY)._replace(literal=False)
"""Stands for an expression that was refused, so that the rest is still checked. It never runs."""


class Context:
    """One compilation. `handlers` is the allow-list: a node whose type is not in it is refused."""

    def __init__(
        self, source: str, handlers: Mapping[type[ast.expr], Handler], functions: Iterable[str]
    ) -> None:
        self.functions = frozenset(functions)
        self.names: dict[str, int] = {}
        """The place in the frame of every name that is sure to be set where the compilation stands."""
        self.set_in_branch: list[str] = []
        """Those of `names` that the branch where the compilation stands was the first to set."""
        self.problems: list[Problem] = []
        self.in_comprehension = False
        self._source = source
        self._handlers = handlers
        self._slots: dict[str, int] = {}
        self._frame_size = 1
        self._depth = 0

    def new_slot(self) -> int:
        """Reserve a place in the frame."""
        self._frame_size += 1
        return self._frame_size - 1

    def declare(self, name: str) -> int:
        """Note that a name is set from here on; gives its place in the frame."""
        if name not in self._slots:
            self._slots[name] = self.new_slot()
        if name not in self.names:
            self.names[name] = self._slots[name]
            self.set_in_branch.append(name)
        return self._slots[name]

    def is_declared(self, name: str) -> bool:
        """Tell whether a name is set anywhere before this point, be it on one path only."""
        return name in self._slots

    def blank_frame(self) -> Frame:
        """Give the frame that a run begins with: the whole budget, and no name with a value."""
        return [MAX_STEPS] + [None] * (self._frame_size - 1)

    def place(self, node: ast.expr | ast.stmt) -> Place:
        """Give where a node begins, in characters (Python counts the bytes of UTF-8)."""
        columns = self._columns.get(node.lineno)
        return Place(node.lineno, (columns[node.col_offset] if columns else node.col_offset) + 1)

    @cached_property
    def _columns(self) -> dict[int, list[int]]:
        # A table for each such line: decoding a prefix for every node would be quadratic in a long line.
        if self._source.isascii():
            return {}
        lines = enumerate(self._source.split("\n"), start=1)
        return {number: _character_columns(line) for number, line in lines if not line.isascii()}

    def refuse(self, node: ast.expr | ast.stmt, message: str) -> Code:
        """Note a problem and give code that stands in for what was refused.

        Raises ScriptRefused when there are already as many problems as an author wants to read.
        """
        self.problems.append(Problem(*self.place(node), message))
        if len(self.problems) >= MAX_PROBLEMS:
            raise ScriptRefused(tuple(self.problems))
        return _REFUSED

    def enter(self, node: ast.expr | ast.stmt) -> bool:
        """Go one level down; False, with the problem noted, when that is too deep. Pair with `leave`."""
        self._depth += 1
        if self._depth > MAX_NESTING:
            self.refuse(
                node, f"nested deeper than {MAX_NESTING}; give the inner part a name on a line of its own"
            )
        return self._depth <= MAX_NESTING

    def leave(self) -> None:
        """Go one level up."""
        self._depth -= 1

    def optional(self, node: ast.expr) -> Code:
        """Compile an expression where None may stand: behind =, in a branch of a conditional, in a field."""
        handler = self._handlers.get(type(node))
        if handler is None:
            return self.refuse(node, advice.for_node(node))
        code = handler(self, node) if self.enter(node) else _REFUSED
        self.leave()
        return code

    def expression(self, node: ast.expr) -> Code:
        """Compile an expression that has a value."""
        code = self.optional(node)
        if code.kind in (Kind.NONE, Kind.OPTIONAL):
            return self.refuse(
                node, "None is no value to work with; assign it to a name, and ask with: x is None"
            )
        return code

    def of_kind(self, node: ast.expr, kind: Kind, who: str) -> Code:
        """Compile an expression that `who` needs of one kind; refused when it is known to be of another."""
        code = self.expression(node)
        if code.kind not in (kind, Kind.ANY):
            return self.refuse(node, f"{who} needs {kind}, not {code.kind}")
        return code

    def condition(self, node: ast.expr, who: str) -> Code:
        """Compile an expression that must be true or false; checked on each run if not known before."""
        code = self.of_kind(node, Kind.BOOLEAN, who)
        if code.kind is Kind.BOOLEAN:
            return code
        return Code(_checked_condition(code.run, who, self.place(node)), Kind.BOOLEAN, code.cost)


def _checked_condition(run: Run, who: str, place: Place) -> Run:
    def checked(frame: Frame) -> bool:
        value = run(frame)
        if value is True or value is False:
            return value
        raise failure(place, f"{who} needs {Kind.BOOLEAN}, not {kind_of(value)}; write a comparison")

    return checked


def _character_columns(line: str) -> list[int]:
    """Give, for each byte at which a character of the line begins, the number of that character, from 0."""
    widths = [len(character.encode("utf-8", "surrogatepass")) for character in line]
    columns = [0] * (sum(widths) + 1)
    for index, byte in enumerate(accumulate(widths, initial=0)):
        columns[byte] = index
    return columns
