"""The shape of a statement, and its fingerprint."""

import re
from dataclasses import dataclass
from hashlib import blake2b

from clinical_engine.profiling.fingerprints.keywords import KEYWORDS
from clinical_engine.profiling.fingerprints.lexing import tokens_of
from clinical_engine.profiling.fingerprints.lists import fold
from clinical_engine.profiling.fingerprints.long_texts import CUT, READ, folded
from clinical_engine.profiling.fingerprints.texts import spaced
from clinical_engine.profiling.fingerprints.values import bared, with_whole_values

LONGEST = 8_000
NOT_SQL = "(not SQL)"
"""Stands for every text that PostgreSQL cannot read: where a value begins in it, nobody can tell."""
EMPTY = "/* empty */"
"""Stands for a text without a word: nothing, semicolons, a comment. It is one itself."""
OTHER = "(other statements)"
"""Stands for all that found no room."""
# What pg_stat_statements counts executions of a prepared statement under.
_NUMBERED = re.compile(r"(^|_)[0-9]")
_PREPARE = re.compile(r"^PREPARE \S+?(?: ?\([^()]*\))? AS ")


@dataclass(frozen=True, slots=True)
class Shape:
    """A statement without its values, and 16 hexadecimal digits that stand for it.

    The digits are the same in every process and release, and for a statement with placeholders and as the driver sent it. A text
    that ends with `CUT` is the beginning of a longer one.
    """

    fingerprint: str
    text: str


def shape_of(text: str) -> Shape:
    """The shape of a statement, whether it can be read as SQL or not; its text has at most 8,000 characters.

    For PostgreSQL's own and for psycopg2's texts ('%%' is '%').
    """
    if text == NOT_SQL:
        return Shape(_digits(text), text)
    short = folded(text)
    is_cut = len(short) > READ or short.endswith(CUT)
    tokens = fold(tokens_of(short[:READ].removesuffix(CUT)), is_cut=is_cut)
    parts = spaced(tokens)
    shape = bare = _text_of(parts, is_cut=is_cut)
    if "::" in shape or "[" in shape:
        bare = _text_of(bared(parts), is_cut=is_cut)
    digits = _digits(bare)
    if not tokens:
        shape = EMPTY + shape
    if len(shape) > LONGEST:
        shape = f"{shape[: LONGEST - 2]} {CUT}"
    return Shape(digits, shape)


def _text_of(parts: list[str], *, is_cut: bool) -> str:
    text = _PREPARE.sub("", "".join(parts))
    return f"{text} {CUT}" if is_cut else text


def _digits(text: str) -> str:
    return blake2b(text.encode(errors="replace"), digest_size=8).hexdigest()


def names_in(shape: str) -> list[str]:
    """Names that every statement with this shape's fingerprint has, in small letters and without quotes."""
    tokens = bared(with_whole_values(tokens_of(shape)))
    words = {word.strip('"').lower() for word in tokens if word not in KEYWORDS}
    return sorted(word for word in words if word.isidentifier() and not _NUMBERED.search(word))
