"""How many values an execution was given. They are counted, never kept."""

from collections.abc import Mapping
from typing import Any


def sizes(parameters: Any) -> tuple[int, int]:  # noqa: ANN401 - whatever the driver takes
    """How many parameters were bound, and how many values the longest list among them has: 0 where it cannot be told."""
    if not parameters:
        return 0, 0
    try:
        return len(parameters), longest_list(parameters)
    except Exception:  # noqa: BLE001 - whatever the driver takes has been sent; counting it must not fail
        return 0, 0


def sizes_of_rows(rows: list[Any]) -> tuple[int, int]:
    """Of a statement that is sent once for each of the rows: the parameters of the longest of them, and how many they are."""
    try:
        return max(map(len, rows), default=0), len(rows)
    except Exception:  # noqa: BLE001 - as above
        return 0, len(rows)


def longest_list(parameters: Any) -> int:  # noqa: ANN401 - as above
    """How many values the longest list among the parameters has: a list, an array literal, or JSON; 0 without any.

    Not all lists together: a set-based write has one for each of its columns. Text that merely looks like a list counts as one.
    """
    longest = 0
    if type(parameters) is not tuple and type(parameters) is not list and isinstance(parameters, Mapping):
        parameters = parameters.values()
    for each in parameters:
        kind = type(each)
        if kind is str:
            # Commas are counted at a fifth of the time that elements take, and of lists as long as each other one is enough.
            if each[:1] in _OPENING and (commas := each.count(",")) >= longest:
                longest = max(longest, _elements(each, commas))
        elif kind is list or kind is tuple:
            longest = max(longest, len(each), longest_list(each))
    return longest


_OPENING = {"{", "["}


def _elements(text: str, commas: int) -> int:
    if text[:2] == "[{":
        # A comma may be part of a record, whose end may not.
        return max(text.count("},{"), text.count("}, {")) + 1
    if text[0] == "[" or '"' not in text:
        return commas + 1
    # Nor may what stands between two quoted elements.
    between = text.count('","')
    if between != commas:
        between += sum(_beside(text, null) for null in ("null", "NULL"))
    return between + 1


def _beside(text: str, null: str) -> int:
    """How many commas of an array literal have an element without quotes beside them, which is NULL."""
    return text.count(f",{null}") + text.count(f',{null},"') + text.startswith(f'{{{null},"')
