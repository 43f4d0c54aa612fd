"""What is wrong with a payload, in words that hold no value of it."""

import re
from collections.abc import Callable

import msgspec

_PLACE = re.compile(r"^(?P<what>.*?) - at (?:`key` in )?`\$\.?(?P<field>[\w.\[\]]*)`$", re.DOTALL)
# msgspec names types as Python does; what people read is named as they say it.
WORDS = {
    "int": "a whole number",
    "float": "a number",
    "str": "text",
    "bool": "true or false",
    "null": "null",
    "array": "a list",
    "object": "an object",
    "uuid": "a UUID",
    "datetime": "a time",
}
# Whatever matches none of these may quote the payload ('Invalid enum value ...', a schema's own check), and is not repeated.
_SENTENCES: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], str]], ...] = (
    (re.compile(r"Object missing required field `(\w+)`"), lambda m: f"lacks the field {m[1]}"),
    (
        re.compile(r"Expected `([^`]+)`, got `([^`]+)`"),
        lambda m: f"must be {_words(m[1])}, not {_words(m[2])}",
    ),
    (re.compile(r"Expected `([^`]+)`(?! matching)(.*)"), lambda m: f"must be {_words(m[1])}{m[2]}"),
    (re.compile(r"Invalid UUID"), lambda _: "must be a UUID"),
    (re.compile(r"Invalid RFC3339 encoded (\w+)"), lambda m: f"must be a {m[1]} as in ISO 8601"),
    (re.compile(r"Invalid enum value .*", re.DOTALL), lambda _: "is none of the values that are known"),
)
_UNKNOWN_FIELD = re.compile(r"Object contains unknown field `(.*)`", re.DOTALL)
_OTHERWISE = "is not as it must be"


def fault_of(error: Exception, *, names: bool = False) -> str:
    """What a schema refuses, such as 'statement_id must be text, not a whole number', without any value.

    A field that the schema does not have is named with `names` only, for who typed it: a stored key may be a value.
    """
    if not isinstance(error, msgspec.ValidationError):
        return f"it {_OTHERWISE}"
    found = _PLACE.match(str(error))
    place, what = (found["field"], found["what"]) if found else ("", str(error))
    return f"{place or 'it'} {_sentence(what, names=names)}"


def _words(types: str) -> str:
    return " or ".join(WORDS.get(name, name) for name in types.split(" | "))


def _sentence(what: str, *, names: bool) -> str:
    if unknown := _UNKNOWN_FIELD.fullmatch(what):
        return f"has the unknown field {unknown[1]}" if names else "has a field that is unknown"
    for pattern, sentence in _SENTENCES:
        if match := pattern.fullmatch(what):
            return sentence(match)
    return _OTHERWISE
