"""Keys that an object of a JSON text has twice: decoders let the last count, and what the first said would be lost silently."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from clinical_engine.common.errors import Refusal

DUPLICATE_KEY = "duplicate_key"
_MESSAGE = "Stands there twice: which of the two counts cannot be told."
_LONGEST_FIELD = 128
Pairs = Sequence[tuple[str, object]]
# No number is made of digits: there may be a million of them.
NO_NUMBERS: Mapping[str, Any] = {"parse_int": len, "parse_float": len, "parse_constant": len}


class _RepeatedError(Exception):
    """`key` stands twice in one object."""

    def __init__(self, key: str) -> None:
        super().__init__()
        self.key = key


def repeated_key(text: bytes) -> str | None:
    """A key that some object within the text has twice, at any depth; None when none has, or when the text is no JSON.

    It takes about as long as decoding: some microseconds for an item.
    """
    try:
        _decode(text.decode(errors="replace"))
    except _RepeatedError as repeated:
        return repeated.key
    except (ValueError, RecursionError):
        # Whoever decodes it for its content says what is wrong with it.
        return None
    return None


def refusal_of_repeated_key(text: bytes) -> Refusal | None:
    """Why an item that has a key twice is not taken; `field` is that key, as it is of a field that there is not."""
    key = repeated_key(text)
    return None if key is None else Refusal(key[:_LONGEST_FIELD] or "item", DUPLICATE_KEY, _MESSAGE)


def refusal_of_repeated_frame(body: bytes) -> Refusal | None:
    """Why a body whose outermost object has a key twice is not taken, whatever its items have; `field` is that key.

    It must be an object in JSON that has no keys but those of its frame: the key is named. A key is told by its quotes: those of
    the body are those of its keys and of what these stand for, or there are more of either.
    """
    parts = _decode_parts(body)
    quotes = sum(2 + bytes(part).count(b'"') for part in parts.values())
    if body.count(b'"') == quotes:
        return None
    return Refusal(_repeated_of_outermost(body) or "body", DUPLICATE_KEY, _MESSAGE)


def _repeated_of_outermost(body: bytes) -> str | None:
    # The outermost object is read last.
    found: str | None = None

    def remember(pairs: Pairs) -> None:
        nonlocal found
        found = _repeated_in(pairs)

    try:
        json.JSONDecoder(object_pairs_hook=remember, **NO_NUMBERS).decode(body.decode(errors="replace"))
    except (ValueError, RecursionError):
        # An item is nested too deeply for this decoder: the body is refused all the same.
        return None
    return found


def _repeated_in(pairs: Pairs) -> str | None:
    if len(dict(pairs)) == len(pairs):
        return None
    seen: set[str] = set()
    for key, _ in pairs:
        if key in seen:
            return key
        seen.add(key)
    return None


def _refuse_repeated(pairs: Pairs) -> None:
    key = _repeated_in(pairs)
    if key is not None:
        raise _RepeatedError(key)


# Nothing is kept of what is read.
_decode = json.JSONDecoder(object_pairs_hook=_refuse_repeated, **NO_NUMBERS).decode
_decode_parts = msgspec.json.Decoder(Mapping[str, msgspec.Raw]).decode
