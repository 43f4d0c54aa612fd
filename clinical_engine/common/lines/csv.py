"""Lines of comma-separated values (RFC 4180), of which no value may reach over a line's end."""

import csv
import re
from collections.abc import Sequence

_VALUE = r'(?:"(?:[^"]|"")*"|[^",\r]*)'
has_its_quotes_in_place = re.compile(rf"{_VALUE}(?:,{_VALUE})*\r*").fullmatch
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
