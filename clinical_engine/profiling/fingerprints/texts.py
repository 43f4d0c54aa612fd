"""Writing tokens as text."""

from collections.abc import Sequence

from clinical_engine.profiling.fingerprints.keywords import COMMANDS, KEYWORDS

_NO_SPACE_AFTER = {"(", "[", ".", "::"}
_NO_SPACE_BEFORE = {")", "]", ",", ".", "::", "[", ";"}
_NOT_NAMES = KEYWORDS | COMMANDS


def joined(tokens: Sequence[str]) -> str:
    """The tokens with single spaces where one reads better with a space."""
    return "".join(spaced(tokens))


def spaced(tokens: Sequence[str]) -> list[str]:
    """The tokens, and a space where one reads better with it."""
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
    return parts


def _is_name(token: str) -> bool:
    return token not in _NOT_NAMES and " " not in token and (token[-1].isalnum() or token[-1] == "_")
