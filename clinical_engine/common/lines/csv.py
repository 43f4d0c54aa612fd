"""Lines of comma-separated values (RFC 4180), of which no value may reach over a line's end."""

import csv
import re
from collections.abc import Sequence

_VALUE = r'(?:"(?:[^"]|"")*"|[^",\r]*)'
_VALUES = rf"{_VALUE}(?:,{_VALUE})*"
_in_place = re.compile(_VALUES).match
has_its_quotes_in_place = re.compile(rf"{_VALUES}\r*").fullmatch
"""Whether a line is as described: Python's reader takes a quote within a value that does not begin with one, such as the tail of
a value broken over lines."""


def values_of(line: bytes) -> Sequence[str] | None:
    """The values of one line, none when it is no CSV; None when it is no text."""
    try:
        text = line.decode()
        values = next(csv.reader([text], strict=True), [])
        return values if has_its_quotes_in_place(text) else []
    except UnicodeDecodeError:
        return None
    except csv.Error:
        return []


def fault_of_quotes(line: str) -> str:
    """What is wrong with the quotes of a line, as a sentence that repeats nothing of it; '' when they stand in their places."""
    found = _in_place(line)
    # It matches anything, if only the nothing before the first character.
    end = found.end() if found else 0
    before, behind = line[:end][-1:], line[end : end + 1]
    if behind == '"' and before in {"", ","}:
        return "The quote at the beginning of a value has none that ends the value on the same line."
    if behind not in {"", "\r"}:
        return (
            "A quote stands in the middle of a value: put the value in quotes, and double every quote in it."
        )
    return ""
