"""Reading a statement as the driver sent it: how many values stand in it, and its text without any of them.

psycopg2 puts values into the text itself, so whatever way they took - parameters, `execute_values`, an array literal, text that
was put together by hand - they all stand in what was sent.
"""

import re
from typing import NamedTuple

_TOKEN = re.compile(
    r"""
    (?P<comment> --[^\n]* | /\*.*?\*/ )
  | (?P<escaped> [eE]'(?:[^'\\]|\\.|'')*' )
  | (?P<text> '(?:[^']|'')*' )
  | (?P<dollar> \$(?P<tag>\w*)\$.*?\$(?P=tag)\$ )
  | (?P<quoted> "(?:[^"]|"")*" )
  | (?P<word> [^\W\d]\w* )
  | (?P<number> (?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)? )
    """,
    re.VERBOSE | re.DOTALL,
)
_QUOTED_ELEMENT = re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL)
_WORDS_OF_VALUES = {"true", "false", "null"}


class Read(NamedTuple):
    """A statement that was read.

    `values` counts everything that stands for a value: texts, numbers, NULL, and each element of an array literal or of JSON
    inside a text. `shape` is the statement with '?' for each text and number. `key` is the same for two statements that differ
    only in how often something is repeated, as 'x = ? OR x = ?' and lists of any length are.
    """

    values: int
    shape: str
    key: tuple[str, ...]


def read(statement: str) -> Read:
    """What a statement, as it was sent, is made of."""
    values, position = 0, 0
    shape: list[str] = []
    words: dict[str, None] = {}
    for token in _TOKEN.finditer(statement):
        shape.append(statement[position : token.start()])
        position = token.end()
        kind, text = token.lastgroup, token.group()
        if kind in {"word", "quoted"}:
            # Names of savepoints and of server-side cursors are numbered.
            name = re.sub(r"\d{3,}", "#", text) if kind == "quoted" else text
            words[name] = None
            shape.append(name)
            values += text.lower() in _WORDS_OF_VALUES
        elif kind != "comment":
            values += _values_inside(kind, text)
            shape.append("?")
    shape.append(statement[position:])
    return Read(values, " ".join("".join(shape).split()), tuple(words))


def _values_inside(kind: str | None, token: str) -> int:
    if kind == "number":
        return 1
    return elements_of(_unquoted(kind, token))


def _unquoted(kind: str | None, token: str) -> str:
    if kind == "escaped":
        return re.sub(r"\\(.)", r"\1", token[2:-1], flags=re.DOTALL)
    return token[1:-1].replace("''", "'")


def elements_of(text: str) -> int:
    """How many values one text stands for: the elements, at any depth, of an array literal or of JSON; otherwise 1."""
    if not (text.startswith(("{", "[")) and text.endswith(("}", "]"))):
        return 1
    bare = _QUOTED_ELEMENT.sub("x", text)
    return bare.count(",") + 1 if re.search(r"[^\s{}\[\],]", bare) else 0
