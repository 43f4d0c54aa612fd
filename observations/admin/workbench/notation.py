"""Values as people type them into a field: as the script language writes them, or as JSON does."""

import json
import re
from typing import Any, Never

from django.core.exceptions import ValidationError

from observations.engine.limits import MAX_FIELDS, MAX_ITEMS, NUMBER_LIMIT
from observations.engine.values import Input, is_permitted_text

NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,59}")
"""How an input, an output or a field of a record is called."""

_WORDS = {"True": "true", "False": "false", "None": "null"}
_TEXT_OR_WORD = re.compile(r'"(?:[^"\\]|\\.)*"|\b(?:True|False|None)\b')
_HOW = (
    'Write a number, True or False, a text in "double quotes", a list as in [1, 2], '
    'a record as in {"systolic": 120}, or None.'
)


def value_of(text: str) -> Input:
    """The value that a text says. Raises ValidationError for one that no input of a script can have."""
    try:
        value: Any = json.loads(
            _TEXT_OR_WORD.sub(lambda found: _WORDS.get(found[0], found[0]), text),
            object_pairs_hook=_record_of,
            parse_constant=_refuse,
        )
    except (ValueError, RecursionError):
        raise ValidationError(_HOW) from None
    if isinstance(value, list):
        if len(value) > MAX_ITEMS:
            raise ValidationError(f"A list has at most {MAX_ITEMS:,} items.")
        for item in value:
            _check_flat(item)
    else:
        _check_flat(value)
    checked: Input = value
    return checked


def plain_value_of(text: str) -> bool | float | str:
    """The same for a single value that there is: no list, no record, not None."""
    value = value_of(text)
    if isinstance(value, bool | int | float | str):
        return value
    raise ValidationError('Write a number, True or False, or a text in "double quotes".')


def text_of(value: object) -> str:
    """How the script language writes a value."""
    if isinstance(value, list):
        return f"[{', '.join(map(text_of, value))}]"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{text_of(name)}: {text_of(part)}' for name, part in value.items())}}}"
    if value is None or isinstance(value, bool):
        return str(value)
    return json.dumps(value, ensure_ascii=False)


def _record_of(pairs: list[tuple[str, object]]) -> dict[str, object]:
    record = dict(pairs)
    if len(record) < len(pairs):
        raise ValidationError("A record has each field once.")
    return record


def _refuse(word: str) -> Never:
    raise ValueError(word)


def _check_flat(value: object) -> None:
    if isinstance(value, dict):
        _check_record(value)
    elif isinstance(value, list):
        raise ValidationError("A list has no lists in it, and a record none either.")
    elif isinstance(value, str):
        if not is_permitted_text(value):
            raise ValidationError("A text has at most 200 characters, all of them printable.")
    elif isinstance(value, int | float) and not -NUMBER_LIMIT < value < NUMBER_LIMIT:
        raise ValidationError("A number must be below 1e15 in size.")


def _check_record(record: dict[str, object]) -> None:
    if len(record) > MAX_FIELDS:
        raise ValidationError(f"A record has at most {MAX_FIELDS} fields.")
    for name, part in record.items():
        if not NAME.fullmatch(name):
            raise ValidationError("A field's name has letters a to z, digits and _, a letter first.")
        if isinstance(part, dict | list):
            raise ValidationError("A list has no lists in it, and a record none either.")
        _check_flat(part)
