"""How many values an execution was given. They are counted, never kept."""

from collections.abc import Mapping
from typing import Any


def number_of_parameters(parameters: Any) -> int:  # noqa: ANN401 - whatever the driver takes
    """How many parameters were bound."""
    return len(parameters) if parameters else 0


def longest_list(parameters: Any) -> int:  # noqa: ANN401 - as above
    """How many values the longest list among the parameters has: a list, an array literal, or JSON; 0 without any.

    Not all lists together: a set-based write has one for each of its columns. Text that merely looks like a list counts as one.
    """
    longest = 0
    if not parameters:
        return longest
    for each in parameters.values() if isinstance(parameters, Mapping) else parameters:
        kind = type(each)
        if kind is str:
            if each[:1] in _OPENING:
                longest = max(longest, _elements(each))
        elif kind is list or kind is tuple:
            longest = max(longest, len(each), longest_list(each))
    return longest


_OPENING = {"{", "["}


def _elements(text: str) -> int:
    # A comma may be part of a quoted element, and of a record's JSON: what stands between two of them may not.
    between = '","' if text[:2] == '{"' else "},{" if text[:2] == "[{" else ","
    return text.count(between) + 1
