"""A statement's shape as people read it."""

import sqlparse
from sqlparse.exceptions import SQLParseError

# Longer ones take seconds to be laid out.
_LONGEST = 4_000


def laid_out(shape: str) -> str:
    """The shape with a line for each part; one that is too long or too deep as it is."""
    if len(shape) > _LONGEST:
        return shape
    try:
        return str(sqlparse.format(shape, reindent=True, keyword_case="upper"))
    except SQLParseError:
        return shape
