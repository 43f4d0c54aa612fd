"""What the parts of one compilation share: the allow-list of nodes, the names, the places, the problems."""

import ast
from collections.abc import Callable, Iterable, Mapping
from functools import cached_property
from itertools import accumulate
from typing import Final, TypeAlias

from observations.engine import advice
from observations.engine.code import LINE, Code, Place, failure
from observations.engine.errors import Problem, ScriptRefused
from observations.engine.explaining import Watcher
from observations.engine.facts import Facts
from observations.engine.limits import ITEMS_PER_STEP, MAX_ITEMS, MAX_NESTING, MAX_PROBLEMS
from observations.engine.program import Program
from observations.engine.values import Kind, kind_of

Handler: TypeAlias = "Callable[[Context, ast.expr], Code]"

_REFUSED: Final = Code("None", Kind.ANY)
"""Stands for an expression that was refused, so that the rest is still checked. It never runs."""


class Context:
    """One compilation. `handlers` is the allow-list: a node whose type is not in it is refused."""

    def __init__(
        self,
        source: str,
        handlers: Mapping[type[ast.expr], Handler],
        functions: Iterable[str],
        watcher: Watcher | None = None,
    ) -> None:
        self.watcher = watcher
        self.functions = frozenset(functions)
        self.names: dict[str, int] = {}
        """The number of every name that is sure to be set where the compilation stands."""
        self.set_in_branch: list[str] = []
        """Those of `names` that the branch where the compilation stands was the first to set."""
        self.slots_read: set[int] = set()
        self.kinds: dict[int, Kind] = {}
        """The kinds of the inputs, as far as they are known and the input was given no other value."""
        self.facts = Facts()
        self.program = Program()
        self.problems: list[Problem] = []
        self.in_comprehension = False
        self._source = source
        self._is_ascii = source.isascii()
        self._handlers = handlers
        self._slots: dict[str, int] = {}
        self._last_slot = 0
        self._depth = 0

    def new_slot(self) -> int:
        """Reserve a number for a name."""
        self._last_slot += 1
        return self._last_slot

    def declare(self, name: str) -> int:
        """Note that a name is set from here on; gives its number."""
        if name not in self._slots:
            self._slots[name] = self.new_slot()
        if name not in self.names:
            self.names[name] = self._slots[name]
            self.set_in_branch.append(name)
        return self._slots[name]

    def is_declared(self, name: str) -> bool:
        """Tell whether a name is set anywhere before this point, be it on one path only."""
        return name in self._slots

    def place(self, node: ast.expr | ast.stmt) -> Place:
        """Give where a node begins, in characters (Python counts the bytes of UTF-8)."""
        if self._is_ascii:
            return node.lineno * LINE + node.col_offset + 1
        columns = self._columns.get(node.lineno)
        return node.lineno * LINE + (columns[node.col_offset] if columns else node.col_offset) + 1

    @cached_property
    def _columns(self) -> dict[int, list[int]]:
        # A table for each such line: decoding a prefix for every node would be quadratic in a long line.
        lines = enumerate(self._lines, start=1)
        return {number: _character_columns(line) for number, line in lines if not line.isascii()}

    def line(self, node: ast.expr) -> tuple[int, str]:
        """Give the number and the text of the line where a node begins."""
        return node.lineno, self._lines[node.lineno - 1].strip()

    @cached_property
    def _lines(self) -> list[str]:
        return self._source.split("\n")

    def note_reading(self, lists: int) -> None:
        """Note that so many lists are read through where the compilation stands."""
        times = MAX_ITEMS if self.in_comprehension else 1
        self.program.most_steps += times * lists * MAX_ITEMS // ITEMS_PER_STEP

    def refuse(self, node: ast.expr | ast.stmt, message: str) -> Code:
        """Note a problem and give code that stands in for what was refused.

        Raises ScriptRefused when there are already as many problems as an author wants to read.
        """
        self.problems.append(Problem(*divmod(self.place(node), LINE), message))
        if len(self.problems) >= MAX_PROBLEMS:
            raise ScriptRefused(tuple(sorted(self.problems)))
        return _REFUSED

    def enter(self, node: ast.expr | ast.stmt) -> bool:
        """Go one level down; False, with the problem noted, when that is too deep. Pair with `leave`."""
        self._depth += 1
        if self._depth > MAX_NESTING:
            self._refuse_depth(node)
        return self._depth <= MAX_NESTING

    def _refuse_depth(self, node: ast.expr | ast.stmt) -> Code:
        return self.refuse(
            node, f"nested deeper than {MAX_NESTING}; give the inner part a name on a line of its own"
        )

    def leave(self) -> None:
        """Go one level up."""
        self._depth -= 1

    def optional(self, node: ast.expr) -> Code:
        """Compile an expression where None may stand: behind =, in a branch of a conditional, in a field."""
        handler = self._handlers.get(type(node))
        if handler is None:
            return self.refuse(node, advice.for_node(node))
        self._depth += 1
        # Not by `enter`: this is half of all that a compilation does.
        code = handler(self, node) if self._depth <= MAX_NESTING else self._refuse_depth(node)
        self._depth -= 1
        return code

    def expression(self, node: ast.expr) -> Code:
        """Compile an expression that has a value."""
        code = self.optional(node)
        if code.kind is Kind.NONE or code.kind is Kind.OPTIONAL:
            return self.refuse(
                node, "None is no value to work with; assign it to a name, and ask with: x is None"
            )
        return code

    def of_kind(self, node: ast.expr, kind: Kind, who: str) -> Code:
        """Compile an expression that `who` needs of one kind; refused when it is known to be of another."""
        code = self.expression(node)
        if code.kind is not kind and code.kind is not Kind.ANY:
            return self.refuse(node, f"{who} needs {kind}, not {code.kind}")
        return code

    def condition(self, node: ast.expr, who: str) -> Code:
        """Compile an expression that must be true or false; checked on each run if not known before."""
        code = self.of_kind(node, Kind.BOOLEAN, who)
        if code.proved is Kind.BOOLEAN:
            return code
        self.facts.learn(code.slot, Kind.BOOLEAN)
        checked = self.program.use(decided)
        text = f"{checked}({code.text},{self.program.constant(who)},{self.place(node)})"
        return Code(text, Kind.BOOLEAN, code.cost)


def decided(value: object, who: str, place: Place) -> bool:
    """Give what must be true or false."""
    if value is True or value is False:
        return value
    raise failure(place, f"{who} needs {Kind.BOOLEAN}, not {kind_of(value)}; write a comparison")


def _character_columns(line: str) -> list[int]:
    """Give, for each byte at which a character of the line begins, the number of that character, from 0."""
    widths = [len(character.encode("utf-8", "surrogatepass")) for character in line]
    columns = [0] * (sum(widths) + 1)
    for index, byte in enumerate(accumulate(widths, initial=0)):
        columns[byte] = index
    return columns
