"""What to write instead: the text of every refusal that depends only on what the author wrote."""

import ast
import difflib
from collections.abc import Iterable, Mapping
from itertools import islice
from typing import Final

from observations.engine.limits import MAX_SUGGESTIONS

_NO_LOOPS = "there are no loops; write a list comprehension, as in [x * 2 for x in values if x > 0]"
_NO_FUNCTIONS = "functions cannot be defined; assign the value to a name and use the name"
_NO_IMPORTS = "nothing can be imported; the functions of the language are always there"
_NO_ERRORS = "errors cannot be raised or caught; ask first, as in: if x is None:"
_NO_RETURN = "a script returns nothing; assign the value to result"
_NO_SCOPES = "there is one set of names; assign to the name"

WORDS: Final[Mapping[str, str]] = {
    "while": _NO_LOOPS,
    "break": _NO_LOOPS,
    "continue": _NO_LOOPS,
    "def": _NO_FUNCTIONS,
    "lambda": _NO_FUNCTIONS,
    "class": _NO_FUNCTIONS,
    "import": _NO_IMPORTS,
    "from": _NO_IMPORTS,
    "try": _NO_ERRORS,
    "except": _NO_ERRORS,
    "finally": _NO_ERRORS,
    "raise": _NO_ERRORS,
    "assert": _NO_ERRORS,
    "return": _NO_RETURN,
    "yield": _NO_RETURN,
    "global": _NO_SCOPES,
    "nonlocal": _NO_SCOPES,
    "async": "nothing waits in a script; leave out async",
    "await": "nothing waits in a script; leave out await",
    "with": "there is nothing to open or close; leave out with",
    "del": "a name cannot be deleted; leave it as it is, or assign None",
    "pass": "a branch that does nothing is not needed; leave it out, or turn the condition round with not",
}
FOR_STATEMENT: Final = _NO_LOOPS

_IN_PLACE = "a name is not changed in place; write x = x + 1 instead of x += 1"
SYMBOLS: Final[Mapping[str, str]] = {
    "//": "there is no //; write floor(a / b)",
    ":=": "a value is assigned on a line of its own; write x = ...",
    "->": "there is no ->; write an assignment",
    "<<": "bits cannot be shifted; write x * 2 ** n",
    ">>": "bits cannot be shifted; write floor(x / 2 ** n)",
    ";": "one statement stands on each line; start a new line",
    "&": "write and instead of &",
    "|": "write or instead of |",
    "~": "write not instead of ~",
    "^": "write ** for a power",
    "@": "there is no @; write * to multiply",
    "\\": "the backslash is not used; put a long expression in parentheses, and quotes in the other sort",
    "\u2264": "write <= instead of \u2264",
    "\u2265": "write >= instead of \u2265",
    "\u2260": "write != instead of \u2260",
    "\u00d7": "write * to multiply",
    "\u00f7": "write / to divide",
    "\u2212": "write a plain - (hyphen) for minus",
    "\u2013": "write a plain - (hyphen) for minus",
    "\u00b2": "write ** 2 for a square",
    **dict.fromkeys(("+=", "-=", "*=", "/=", "%=", "@=", "&=", "|=", "^="), _IN_PLACE),
    **dict.fromkeys(
        "\u201c\u201d\u201e\u2018\u2019\u201a\u00ab\u00bb", 'write straight quotes, as in "high"'
    ),
}

NODES: Final[Mapping[type[ast.AST], str]] = {
    ast.For: _NO_LOOPS,
    ast.AnnAssign: "names have no types; write x = ...",
    ast.Match: "there is no match; write if, elif and else",
    ast.Expr: "a line must assign to a name; write result = ..., and start a remark with #",
    ast.Tuple: "write a list with square brackets, as in [1, 2]",
    ast.Set: "write a list with square brackets, as in [1, 2]",
    ast.SetComp: "write a list comprehension with square brackets, as in [x for x in values]",
    ast.GeneratorExp: "write square brackets around it, as in sum([x for x in values])",
    ast.DictComp: 'a record is written out field by field, as in {"score": score}',
    ast.Starred: "a list cannot be spread out with *; pass the list itself",
    ast.Slice: "a part of a list cannot be cut out; write a list comprehension with a condition",
}

FUNCTIONS: Final[Mapping[str, str]] = {
    "any": "write len([x for x in values if x > 0]) > 0",
    "all": "write len([x for x in values if x <= 0]) == 0",
    "count": "write len([x for x in values if x > 0])",
    "int": "write floor(x) or round(x)",
    "ceil": "write -floor(-x)",
    "trunc": "write floor(x)",
    "float": "numbers need no conversion; leave it out",
    "str": "numbers cannot become text; put them into fields of a record of their own",
    "bool": "write a comparison, as in x > 0",
    "pow": "write x ** y",
    "log10": "write log(x) / log(10)",
    "log2": "write log(x) / log(2)",
    "ln": "write log(x)",
    "range": _NO_LOOPS,
    "print": "nothing can be printed; assign to result",
    "avg": "write mean(values)",
    "average": "write mean(values)",
    "std": "write stdev(values)",
    "sorted": "lists cannot be sorted; min, max and median need no order",
    "list": "write square brackets, as in [1, 2]",
    "dict": 'write a record, as in {"score": score}',
}


def for_node(node: ast.AST) -> str:
    """Say why a node of Python's syntax is not part of the language, and what to write instead."""
    return NODES.get(
        type(node), f"{type(node).__name__} is not part of the language; see the list of what is"
    )


def nearest(name: str, known: Iterable[str]) -> str:
    """Give 'did you mean' for a name that is not known, or nothing when none is near."""
    found = difflib.get_close_matches(name, islice(known, MAX_SUGGESTIONS), n=1)
    return f"; did you mean {found[0]}?" if found else ""
