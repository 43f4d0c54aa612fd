"""The shape of a statement, and its fingerprint."""

import re
from dataclasses import dataclass
from hashlib import blake2b

from clinical_engine.profiling.fingerprints.keywords import KEYWORDS
from clinical_engine.profiling.fingerprints.lexing import tokens_of
from clinical_engine.profiling.fingerprints.lists import fold
from clinical_engine.profiling.fingerprints.long_texts import CUT, READ, folded
from clinical_engine.profiling.fingerprints.texts import bare, joined

LONGEST = 8_000
NOT_SQL = "(not SQL)"
"""Stands for every text that PostgreSQL cannot read: where a value begins in it, nobody can tell."""
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
    shape = _PREPARE.sub("", joined(tokens))
    if is_cut:
        shape = f"{shape} {CUT}"
    digits = _digits(bare(shape))
    if len(shape) > LONGEST:
        shape = f"{shape[: LONGEST - 2]} {CUT}"
    return Shape(digits, shape)


def _digits(text: str) -> str:
    return blake2b(text.encode(errors="replace"), digest_size=8).hexdigest()


def names_in(shape: str) -> list[str]:
    """Names that every statement with this shape's fingerprint has, in small letters and without quotes."""
    words = {word.strip('"').lower() for word in tokens_of(bare(shape)) if word not in KEYWORDS}
    return sorted(word for word in words if word.isidentifier() and not _NUMBERED.search(word))
