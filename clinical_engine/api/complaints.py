"""What the decoder of JSON complains of, in our words: its own name types of Python, and some quote what was sent."""

import re
from collections.abc import Callable, Sequence
from typing import Literal, get_args, get_origin

import msgspec

_TIME = "a time such as 2026-01-31T08:00:00+01:00"
# What the decoder calls a type, and what whoever sends it does.
_TYPES = {
    "str": "text",
    "int": "a whole number",
    "float": "a number",
    "decimal": "a number",
    "bool": "true or false",
    "array": "a list",
    "object": "an object",
    "uuid": "a UUID",
    "datetime": _TIME,
}
Said = Callable[[re.Match[str]], tuple[str, str]]
# Each as a code and a sentence. What is none of these is not repeated: it may hold a value ('Invalid enum value ...').
_SENTENCES: tuple[tuple[re.Pattern[str], Said], ...] = (
    (re.compile(r"Expected `array` of length >= 1"), lambda _: ("empty", "Must have at least one item.")),
    (
        re.compile(r"Expected `array` of length <= (\d+)"),
        lambda found: ("invalid", f"Must have at most {int(found[1]):,} items."),
    ),
    (re.compile(r"Expected `([^`]+)`, got `[^`]+`"), lambda found: ("invalid", _must_be(found[1]))),
    (re.compile(r"Invalid RFC3339 encoded datetime"), lambda _: ("invalid", _must_be("datetime"))),
    (re.compile(r"Invalid UUID"), lambda _: ("invalid", _must_be("uuid"))),
)
_OTHERWISE = ("invalid", "Is not of the form that is asked for.")
_PLACE = re.compile(r" - at (?:`key` in )?`[^`]*`$")


def complaint_of(error: Exception, allowed: Sequence[str] = ()) -> tuple[str, str]:
    """The code and the sentence of a refusal for what the decoder raised, without anything that was sent.

    `allowed` is what may stand at the place of the error, where that is a closed list.
    """
    if isinstance(error, RecursionError):
        return "invalid", "Is nested too deeply."
    if not isinstance(error, msgspec.ValidationError):
        return "invalid", "Is not valid JSON."
    if allowed:
        return "invalid", f"Must be {' or '.join(allowed)}."
    text = _PLACE.sub("", str(error))
    return next(
        (said(found) for pattern, said in _SENTENCES if (found := pattern.fullmatch(text))), _OTHERWISE
    )


def allowed_at(frame: object, place: str) -> Sequence[str]:
    """The closed list of what a field of a Struct may be; empty where there is none, and deeper inside."""
    if not (isinstance(frame, type) and issubclass(frame, msgspec.Struct)):
        return ()
    types = (field.type for field in msgspec.structs.fields(frame) if field.encode_name == place)
    return [str(value) for each in types if get_origin(each) is Literal for value in get_args(each)]


def _must_be(types: str) -> str:
    # A field that may be null is one that need not be sent.
    names = [_TYPES.get(name, "") for name in types.split(" | ") if name != "null"]
    return f"Must be {' or '.join(names)}." if names and all(names) else _OTHERWISE[1]
