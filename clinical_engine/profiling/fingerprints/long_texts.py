"""Shortening a long statement before it is read word by word."""

import re
from itertools import groupby

from clinical_engine.profiling.fingerprints import lexing

CUT = "…"
# So much is read word by word.
READ = 32_768
# A shorter text is read as it is.
_SHORT = 4_096
# Of a longer one only so many characters are looked at.
_LOOKED_AT = 1_000_000

_S = r"[ \t\n\r\f\v]*+"
_TYPE = r'::[A-Za-z_][\w."]*+(?:\([0-9, ]*+\))?(?:\[[0-9]*+\])*+'
_STRING = rf"'{lexing.REST_OF_PLAIN}|[eE]'{lexing.REST_OF_ESCAPED}"
_CONSTANT = r"(?:[Nn][Uu][Ll][Ll]|[Tt][Rr][Uu][Ee]|[Ff][Aa][Ll][Ss][Ee])(?![\w$])"
_SCALAR = (
    r"(?:[-+]?\.?[0-9](?:[eE][+-][0-9]|(?![eE]')[A-Za-z0-9_.])*+"
    rf"|{_STRING}|{lexing.PARAMETER}|{_CONSTANT})(?:{_TYPE})*+"
)
# Values and commas, as they come; runs of digits are taken as a whole.
_LOOSELY = (
    rf"[0-9., \t\n]++|-(?=[0-9.])|{_STRING}|{lexing.PARAMETER}|{_TYPE}|{_CONSTANT}|(?<=[0-9])[eE][-+]?[0-9]++"
)
_ARRAY = rf"[Aa][Rr][Rr][Aa][Yy]\[(?:{_LOOSELY})*+\](?:{_TYPE})*+"
_VALUE = rf"(?:{_SCALAR}|{_ARRAY})"
_MORE = rf"(?:{_LOOSELY}|{_ARRAY})*+"
# The text may be cut in the midst of a value.
_AT_END = rf"(?:[Aa][Rr][Rr][Aa][Yy]\[(?:{_LOOSELY})*+)?+[A-Za-z%$]*+{CUT}?+(?<={CUT})\Z"

# What might hide something is stepped over, lists are found. Each alternative begins with a character of its own: that lets the
# search run over all others.
_PLACES = re.compile(
    rf"""
    "{lexing.REST_OF_QUOTED_NAME}
  | '(?:(?<=[eE]')(?<![A-Za-z0-9_$\x80-\U0010ffff][eE]'){lexing.REST_OF_ESCAPED}|{lexing.REST_OF_PLAIN})
  | \$(?<![A-Za-z0-9_$\x80-\U0010ffff]\$){lexing.REST_OF_DOLLAR_QUOTED}
  | -{lexing.REST_OF_LINE_COMMENT}
  | /{lexing.REST_OF_COMMENT}
  | \((?P<row>{_MORE}\))(?:{_S},{_S}\({_MORE}\))++(?:{_S},{_S}\({_MORE}{_AT_END})?+
  | \((?:(?<=[nN]\()|(?<=[nN][ \n]\())(?P<listed>{_S}{_VALUE}){_S},{_MORE}(?:\)|{_AT_END})
  | \[(?P<element>{_S}{_VALUE}){_S},{_MORE}(?:\]|{_AT_END})
    """,
    re.VERBOSE | re.DOTALL,
)
_CLOSING = {"row": "", "listed": ")", "element": "]"}
_EMPTY = "''"
# What is bound counts as a parameter, and is no value that is written into a text.
_PLACEHOLDER = "%s"
_INSTEAD = {"'": _EMPTY, "$": _EMPTY, "-": " ", "/": " "}
_STRINGS = re.compile(_STRING, re.DOTALL)
_SPACES = re.compile(r"[ \t\n\r\f\v]+")
_NUMBERS = re.compile(r"(?<![A-Za-z0-9_$.\x80-\U0010ffff])\.?[0-9](?:[eE][+-][0-9]|[A-Za-z0-9_.])*+")
# Between repetitions, from the one that binds most closely.
_SEPARATORS = [
    re.compile(each, re.IGNORECASE)
    for each in (r" AND ", r" OR ", r" WHEN ", r"\) ?, ?\(", r" UNION ALL ", r" ?; ?")
]


def folded(text: str) -> str:
    """A long text with its longest lists at their shortest, which has the same shape. It may still hold numbers.

    Takes some 20 nanoseconds a character, and 100 where much else than values is repeated. Of more than a million characters those
    behind are left out, and it ends with `CUT`.
    """
    return folded_and_counted(text)[0]


def folded_and_counted(text: str) -> tuple[str, int]:
    """As `folded`, and how many values the longest list or chain has that is written into the text; 0 of a short text."""
    if len(text) <= _SHORT:
        return text, 0
    is_cut = len(text) >= _LOOKED_AT
    lists = _Lists(text)
    short = _PLACES.sub(lists.shortened, text[:_LOOKED_AT] + CUT if is_cut else text)
    if is_cut:
        # A string that was cut took it for a part of itself, and would look like a whole one.
        short = short.removesuffix(CUT) + CUT
    values = lists.longest
    if len(short) > READ:
        short, repeated = _without_repetitions(short, is_cut=is_cut)
        values = max(values, repeated)
    return short.removesuffix(CUT) + CUT if is_cut else short, values


class _Lists:
    """Shortens the lists of a text, and counts the values of each."""

    def __init__(self, text: str) -> None:
        self._text, self.longest = text, 0

    def shortened(self, match: re.Match[str]) -> str:
        found = match.group()
        kind = match.lastgroup
        if kind not in _CLOSING:
            return _INSTEAD.get(found[0], found)
        self.longest = max(self.longest, self._values_in(found))
        return f"{found[0]}{_STRINGS.sub(_EMPTY, match[kind])}{_CLOSING[kind]}"

    def _values_in(self, found: str) -> int:
        plain = _STRINGS.sub("", found) if "'" in found else found
        commas = plain.count(",") - plain.count(_PLACEHOLDER)
        if found.endswith(CUT):
            # It goes on where nobody looks: there as here, of so many commas so many stand between values.
            commas += self._text.count(",", _LOOKED_AT) * commas // max(found.count(","), 1)
        return commas + 1


def _without_repetitions(text: str, *, is_cut: bool) -> tuple[str, int]:
    """Chains in which one thing follows another that is the same; the strings of the text are empty by now.

    Returns how long the longest was, too.
    """
    text, longest = _NUMBERS.sub("0", _SPACES.sub(" ", text).lstrip()), 0
    for separator in _SEPARATORS:
        first = separator.search(text)
        if first is None:
            continue
        parts = separator.split(text)
        runs = [(part, sum(1 for _ in run)) for part, run in groupby(parts)]
        kept = [part for part, _ in runs]
        written = (times for part, times in runs if times > 1 and _PLACEHOLDER not in part)
        longest = max(longest, max(written, default=0))
        if is_cut and len(kept) < len(parts):
            # How much there is of the last one depends on the values before it.
            kept.pop()
        text = first.group().join(kept)
    return text, longest
