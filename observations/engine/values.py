"""The kinds of value a script works on, and the way in and out.

Inside a run a value is exactly an int, float, bool, str, tuple (a list of the language) or dict (a record):
plain types, so that one look at `type(value)` decides what an operator may do with it, and nothing of the
host can be reached through it.
"""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Final, TypeAlias

from observations.engine.errors import NotComputable, ScriptFailed
from observations.engine.limits import MAX_FIELDS, MAX_ITEMS, MAX_TEXT, NUMBER_LIMIT

Scalar: TypeAlias = float | int | bool | str
Value: TypeAlias = Scalar | dict[str, Scalar]
Record: TypeAlias = Mapping[str, Scalar | None]
Input: TypeAlias = Scalar | Record | Sequence[Scalar | Record] | None


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
    if value is None or type(value) in SCALARS:
        return _admit_scalar(name, value)
    if isinstance(value, Mapping):
        return _admit_record(name, value)
    if isinstance(value, Sequence) and not isinstance(value, str | bytes | bytearray):
        return _admit_list(name, value)
    raise TypeError(f"input {name}: {type(value).__name__} is not a kind of input")


def _admit_scalar(name: str, value: object) -> object:
    if isinstance(value, str):
        if not is_permitted_text(value):
            raise ScriptFailed(
                0, 0, f"input {name}: text has at most {MAX_TEXT} characters, all of them printable"
            )
    elif isinstance(value, int | float) and not -NUMBER_LIMIT < value < NUMBER_LIMIT:
        raise ScriptFailed(0, 0, f"input {name}: a number must be finite and below 1e15 in size")
    return value


def _admit_record(name: str, record: Mapping[object, object]) -> dict[str, object]:
    if len(record) > MAX_FIELDS:
        raise ScriptFailed(0, 0, f"input {name}: a record has at most {MAX_FIELDS} fields")
    admitted: dict[str, object] = {}
    for field, value in record.items():
        if not isinstance(field, str) or not (value is None or type(value) in SCALARS):
            raise TypeError(f"input {name}: a record has text keys and plain values")
        admitted[field] = _admit_scalar(f"{name}.{field}", value)
    return admitted


def _admit_list(name: str, items: Sequence[object]) -> tuple[object, ...]:
    if len(items) > MAX_ITEMS:
        raise ScriptFailed(0, 0, f"input {name}: a list has at most {MAX_ITEMS:,} items")
    return tuple(_admit_item(name, item) for item in items)


def _admit_item(name: str, item: object) -> object:
    if type(item) in SCALARS:
        return _admit_scalar(name, item)
    if isinstance(item, Mapping):
        return _admit_record(name, item)
    raise TypeError(f"input {name}: {type(item).__name__} is not a kind of item of a list")


def release(value: object, line: int, column: int) -> Value:
    """Give the value that `result` has at the end: one value or a flat record, always a fresh one.

    Raises NotComputable when it is None or has a field that is None, ScriptFailed when it is a list.
    """
    if value is None:
        raise NotComputable("no value for result")
    if isinstance(value, bool | int | float | str):
        return value
    if not isinstance(value, dict):
        raise ScriptFailed(line, column, "result must be one value or a record, not a list")
    for field, part in value.items():
        if part is None:
            raise NotComputable(f"no value for result.{field}")
    return dict(value)
