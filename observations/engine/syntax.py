"""From checked source to Python's syntax tree, whatever Python's parser thinks of it."""

import ast

from observations.engine.errors import Problem, ScriptRefused
from observations.engine.limits import MAX_NESTING

_HINTS = (
    ("Maybe you meant '=='", "one = assigns; write == to compare"),
    ("cannot assign to", "the left side of = is a plain name; write == to compare"),
    ("expected ':'", "a colon is missing at the end of this condition; write if x > 0:"),
    ("was never closed", "this bracket is not closed"),
    ("unmatched", "this bracket was not opened; leave it out"),
    ("does not match opening", "this bracket does not match the one that is open"),
    ("expected an indented block", "the lines that belong to this if, elif or else must follow it, indented"),
    ("unexpected indent", "this line is indented but belongs to no if, elif or else"),
    ("unindent does not match", "this line's indentation matches no line above"),
    ("inconsistent use of tabs", "tabs and spaces are mixed; indent with spaces"),
    ("forgot a comma", "this is not an expression; perhaps a comma or an operator is missing"),
)


def parse(source: str) -> list[ast.stmt]:
    """Parse a source that passed `check_words` into statements.

    Raises ScriptRefused where Python's parser finds an error, or finds it too deep to read.
    """
    try:
        return ast.parse(source).body
    except SyntaxError as error:
        problem = Problem(error.lineno or 1, max(error.offset or 1, 1), _explain(error.msg))
    except (RecursionError, MemoryError):
        # Python's parser reports depth by either, depending on its version and on which stack is full first.
        problem = Problem(0, 0, f"an expression is nested deeper than {MAX_NESTING}; give parts of it names")
    raise ScriptRefused((problem,))


def _explain(message: str) -> str:
    for part, hint in _HINTS:
        if part in message:
            return hint
    return "this cannot be read; check the spelling, the operators and the brackets before it"
