"""The kinds of value a script works on, and the way in and out.

Inside a run a value is exactly an int, float, bool, str, tuple (a list of the language) or dict (a record):
plain types, so that one look at `type(value)` decides what an operator may do with it, and nothing of the
host can be reached through it.
"""

import math
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any, Final, TypeAlias

from observations.engine.errors import NotComputable, ScriptFailed
from observations.engine.limits import MAX_FIELDS, MAX_ITEMS, MAX_TEXT, NUMBER_LIMIT

Scalar: TypeAlias = float | int | bool | str
Value: TypeAlias = Scalar | dict[str, Scalar]
Record: TypeAlias = Mapping[str, Scalar | None]
Input: TypeAlias = Scalar | Record | Sequence[Scalar | Record] | None
Plain: TypeAlias = Any
"""A value inside a run. Its kind is asked by `type` at run time; a cast after that would cost as much again."""


class Kind(StrEnum):
    """What is known of an expression before it runs; the text is how messages call it."""

    NUMBER = "a number"
    TEXT = "text"
    BOOLEAN = "true or false"
    LIST = "a list"
    RECORD = "a record"
    NONE = "None"
    OPTIONAL = "a value or None"
    ANY = "a value"


NUMBERS: Final = frozenset({int, float})
SCALARS: Final = frozenset({int, float, bool, str})
ITEMS: Final = frozenset({int, float, bool, str, dict})
KINDS: Final[Mapping[type, Kind]] = {
    int: Kind.NUMBER,
    float: Kind.NUMBER,
    str: Kind.TEXT,
    bool: Kind.BOOLEAN,
    tuple: Kind.LIST,
    dict: Kind.RECORD,
    type(None): Kind.NONE,
}


def kind_of(value: object) -> Kind:
    """Give the kind of a value inside a run."""
    return KINDS[type(value)]


def is_permitted_text(text: str) -> bool:
    """Tell whether a text is short enough and printable throughout."""
    return len(text) <= MAX_TEXT and text.isprintable()


def admit(name: str, value: object) -> object:
    """Turn an input into a value of a run, copied, so that nothing outside can change it meanwhile.

    Raises ScriptFailed when the value breaks a bound of the language, TypeError when the host passes what is
    no input at all (a Decimal, a date, a list in a list): that is a mistake in our code, not in the script.
    """
    if type(value) in SCALARS or value is None:
        return _admit_scalar(name, value)
    if isinstance(value, Mapping):
        return _admit_record(name, value)
    if isinstance(value, Sequence) and not isinstance(value, str | bytes | bytearray):
        return _admit_list(name, value)
    raise TypeError(f"input {name}: {type(value).__name__} is not a kind of input")


def _admit_scalar(name: str, value: object) -> object:
    if fault := _fault_of(value):
        raise ScriptFailed(0, 0, f"input {name}: {fault}")
    return value


def _fault_of(value: Plain) -> str | None:
    """Say which bound a scalar breaks, or None."""
    if type(value) in NUMBERS:
        if -NUMBER_LIMIT < value < NUMBER_LIMIT:
            return None
        return "a number must be finite and below 1e15 in size"
    if isinstance(value, str) and not is_permitted_text(value):
        return f"text has at most {MAX_TEXT} characters, all of them printable"
    return None


def _admit_record(name: str, record: Mapping[object, object]) -> dict[str, object]:
    if len(record) > MAX_FIELDS:
        raise ScriptFailed(0, 0, f"input {name}: a record has at most {MAX_FIELDS} fields")
    admitted: dict[str, object] = {}
    for field, value in record.items():
        if not isinstance(field, str) or not (type(value) in SCALARS or value is None):
            raise TypeError(f"input {name}: a record has text keys and plain values")
        if fault := _fault_of(value):
            raise ScriptFailed(0, 0, f"input {name}.{field}: {fault}")
        admitted[field] = value
    return admitted


def _admit_list(name: str, items: Sequence[object]) -> tuple[object, ...]:
    if len(items) > MAX_ITEMS:
        raise ScriptFailed(0, 0, f"input {name}: a list has at most {MAX_ITEMS:,} items")
    if NUMBERS.issuperset(map(type, items)) and _are_bounded(items):
        return tuple(items)
    return tuple([_admit_item(name, item) for item in items])


def _are_bounded(numbers: Sequence[Plain]) -> bool:
    # One by one is six times as slow. The smallest and the largest may miss a NaN; a sum with one in it is NaN.
    return not numbers or (
        min(numbers) > -NUMBER_LIMIT and max(numbers) < NUMBER_LIMIT and not math.isnan(sum(numbers))
    )


def _admit_item(name: str, item: object) -> object:
    if type(item) in SCALARS:
        return _admit_scalar(name, item)
    if isinstance(item, Mapping):
        return _admit_record(name, item)
    raise TypeError(f"input {name}: {type(item).__name__} is not a kind of item of a list")


def release(value: Plain, line: int, column: int) -> Value:
    """Give the value that `result` has at the end: one value or a flat record, always a fresh one.

    Raises NotComputable when it is None or has a field that is None, ScriptFailed when it is a list.
    """
    if value is None:
        raise NotComputable("no value for result")
    if type(value) in SCALARS:
        scalar: Scalar = value
        return scalar
    if not isinstance(value, dict):
        raise ScriptFailed(line, column, "result must be one value or a record, not a list")
    for field, part in value.items():
        if part is None:
            raise NotComputable(f"no value for result.{field}")
    return dict(value)
