"""The first look at a source: its characters, words and brackets, before Python's parser sees it.

Everything that makes Python's parser slow, deep or talkative (brackets in brackets, huge numerals, escapes
that warn, names that it would quietly turn into other names) is refused here, in time linear in the source.
"""

import re
from collections.abc import Iterator
from typing import Final

from observations.engine import advice
from observations.engine.errors import Problem, ScriptRefused
from observations.engine.limits import MAX_NAME, MAX_NESTING, MAX_NUMERAL, MAX_PROBLEMS, MAX_SOURCE

_UNUSUAL: Final = re.compile(r"[^\n\t\x20-\x7e]")
# What matches nothing here (blanks, harmless operators) is skipped by finditer: half the time of this pass. Plain
# numerals come first and have no name, so that no more is asked of them.
_TOKEN: Final = re.compile(
    r"""
      [0-9]{1,15}(?![\w.])
    | (?P<comment>\#[^\n]*)
    | (?P<text>[bBfFrRtTuU]{0,2}(?:\"{3}|'{3}|"[^"\n]*"|'[^'\n]*'|["']))
    | (?P<number>\.?[0-9](?:[eE][+-]?[0-9]|[\w.])*)
    | (?P<name>[^\W\d]\w*)
    | (?P<open>[(\[{])
    | (?P<close>[)\]}])
    | (?P<symbol>//|:=|->|<<|>>|[-+*/%@&|^]=|[^\s\-+*/%=<>!.,:])
    """,
    re.VERBOSE,
)
_DECIMAL: Final = re.compile(r"(?:[0-9][0-9_]*\.?[0-9_]*|\.[0-9][0-9_]*)(?:[eE][+-]?[0-9]+)?")


def normalised(source: str) -> str:
    """Give the source with line ends as Python's parser counts them."""
    return source.replace("\r\n", "\n").replace("\r", "\n")


def check_words(source: str) -> None:
    """Refuse a source whose characters, words, numerals, texts or brackets are not of the language.

    Raises ScriptRefused with every problem found, at most `MAX_PROBLEMS`.
    """
    if len(source) > MAX_SOURCE:
        raise ScriptRefused(
            (Problem(0, 0, f"a script has at most {MAX_SOURCE:,} characters; make it shorter"),)
        )
    problems: list[Problem] = []
    for offset, message in _complaints(source):
        problems.append(_problem(source, offset, message))
        if len(problems) == MAX_PROBLEMS:
            break
    if problems:
        raise ScriptRefused(tuple(problems))


def _problem(source: str, offset: int, message: str) -> Problem:
    return Problem(source.count("\n", 0, offset) + 1, offset - source.rfind("\n", 0, offset), message)


def _complaints(source: str) -> Iterator[tuple[int, str]]:
    unprintable = _first_unprintable(source)
    if unprintable is not None:
        yield unprintable
        return
    depth = 0
    text_end = -1
    for token in _TOKEN.finditer(source):
        kind = token.lastgroup
        if kind == "name":
            message = _about_name(token[0], depth)
        elif kind == "open":
            depth += 1
            message = _about_depth(depth)
        elif kind == "close":
            depth = max(depth - 1, 0)
            continue
        elif kind == "text":
            message = _about_text(token[0]) or _about_gap(source, text_end, token.start())
            text_end = token.end()
        elif kind == "number":
            message = _about_number(token[0])
        elif kind == "symbol":
            message = advice.SYMBOLS.get(token[0], "this character is not used in the language; leave it out")
        else:
            continue
        if message:
            yield token.start(), message


def _first_unprintable(source: str) -> tuple[int, str] | None:
    for found in _UNUSUAL.finditer(source):
        if not found[0].isprintable():
            return (
                found.start(),
                f"character U+{ord(found[0]):04X} cannot be printed; type a plain space or leave it out",
            )
    return None


def _about_name(name: str, depth: int) -> str | None:
    if name in advice.WORDS:
        return advice.WORDS[name]
    if name == "for" and not depth:
        return advice.FOR_STATEMENT
    if not name.isascii():
        return "a name has only the letters a to z, digits and _; write it without accents or other scripts"
    if name[0] == "_":
        return "a name cannot begin with _; begin it with a letter"
    if len(name) > MAX_NAME:
        return f"a name has at most {MAX_NAME} characters; shorten it"
    return None


def _about_depth(depth: int) -> str | None:
    if depth == MAX_NESTING + 1:
        return (
            f"brackets are nested deeper than {MAX_NESTING}; give the inner part a name on a line of its own"
        )
    return None


def _about_text(token: str) -> str | None:
    body = token.lstrip("bBfFrRtTuU")
    if body != token:
        return "a text has no letter before its quote; write a plain text, and put values into a record"
    if body in {'"""', "'''"}:
        return (
            'a text stands on one line between single or double quotes, as in "high"; start a remark with #'
        )
    if len(body) == 1:
        return "this text is not closed; end it on the same line with the quote it begins with"
    if "\\" in body:
        return advice.SYMBOLS["\\"]
    return None


def _about_gap(source: str, text_end: int, start: int) -> str | None:
    # Python joins neighbouring texts: ["A" "B"] with its comma forgotten would be the one text AB.
    if text_end >= 0 and not source[text_end:start].strip(" \t\n"):
        return "two texts stand side by side; put a comma between them (texts cannot be joined)"
    return None


def _about_number(numeral: str) -> str | None:
    if len(numeral) > MAX_NUMERAL:
        return f"a number has at most {MAX_NUMERAL} characters; round it"
    if not _DECIMAL.fullmatch(numeral):
        return "a number is written in decimal, as in 0.5 or 1e3, and is followed by a space before a word"
    return None
