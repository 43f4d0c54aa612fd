"""Writing tokens as text."""

import re
from collections.abc import Sequence

from clinical_engine.profiling.fingerprints.keywords import COMMANDS, KEYWORDS

_NO_SPACE_AFTER = {"(", "[", ".", "::"}
_NO_SPACE_BEFORE = {")", "]", ",", ".", "::", "[", ";"}
_NOT_NAMES = KEYWORDS | COMMANDS
_CAST = re.compile(r"\?(?:::[a-z0-9_.\"]+(?:\[\??\])*)+")
_ARRAY = re.compile(r"ARRAY\[\?\]")


def joined(tokens: Sequence[str]) -> str:
    """The tokens with single spaces where one reads better with a space."""
    parts: list[str] = []
    before = "("
    for token in tokens:
        if (
            before not in _NO_SPACE_AFTER
            and token not in _NO_SPACE_BEFORE
            and (token != "(" or not _is_name(before))  # noqa: S105 - no password
        ):
            parts.append(" ")
        parts.append(token)
        before = token
    return "".join(parts)


def _is_name(token: str) -> bool:
    return token not in _NOT_NAMES and " " not in token and (token[-1].isalnum() or token[-1] == "_")


def bare(text: str) -> str:
    """A joined text with '?' for each value that is cast, and for each array of values.

    A list is an array as the driver sends it and one placeholder before; the driver casts dates and the like, but not NULL.
    """
    return _CAST.sub("?", _ARRAY.sub("?", _CAST.sub("?", text)))
