"""A statement's shape as people read it."""

import sqlparse
from sqlparse.exceptions import SQLParseError

# Longer ones take seconds to be laid out.
_LONGEST = 4_000


def laid_out(shape: str) -> str:
    """The shape with a line for each part, its words as they are: many a column has the name of a keyword."""
    if len(shape) > _LONGEST:
        return shape
    try:
        return str(sqlparse.format(shape, reindent=True))
    except SQLParseError:
        return shape
