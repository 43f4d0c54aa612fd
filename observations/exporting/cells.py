"""Cells that no spreadsheet takes for a formula.

A spreadsheet runs what begins like a formula, white space or not, and some also what is written in full-width forms (OWASP, 'CSV
Injection'). One that was told of another separator than the comma sees a beginning where that stands, and one that does not know
of quotes after the end of a line. An apostrophe before makes it text everywhere. Numbers are written apart from this: they are
numbers, with or without a sign.
"""

import re
from decimal import Decimal

# As typed, full-width, small, superscript and subscript, and the minus of mathematics.
_BEGINNINGS = "=+\\-@＝＋－＠﹦﹢﹣﹫⁼⁺⁻₌₊₋−"  # noqa: RUF001 - that they look alike is why they stand here
# White space, and what has no width: zero-width characters, marks of direction, a byte order mark. And the quotes, which are
# gone where they are read as such.
_UNSEEN = '["\\s\x00-\x1f\x7f-\x9f\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]'
_FORMULA = re.compile(f"(^|[;\\t\\r\\n])(?={_UNSEEN}*[{_BEGINNINGS}])")
_SUSPECT = re.compile(f"[\\t\\r\\n{_BEGINNINGS}]")
_DANGEROUS_BEGINNING = re.compile("^[\\t\\r\\n]")


def text_cell(text: str) -> str:
    """The text, with an apostrophe wherever a spreadsheet could begin to read a formula."""
    # Nearly none has any of them, and looking for one character is several times as fast.
    if _SUSPECT.search(text) is None:
        return text
    neutral = _FORMULA.sub(r"\1'", text)
    return f"'{neutral}" if _DANGEROUS_BEGINNING.match(neutral) else neutral


def number_cell(number: Decimal | None) -> str:
    """The number with its digits as they were sent, never with an exponent; '' for none."""
    return "" if number is None else f"{number:f}"
