"""Keys that an object of a JSON text has twice: decoders let the last count, and what the first said would be lost silently."""

import json
from collections.abc import Mapping, Sequence

import msgspec

from clinical_engine.common.errors import Refusal

DUPLICATE_KEY = "duplicate_key"
_MESSAGE = "Stands there twice: which of the two counts cannot be told."
_LONGEST_FIELD = 128


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
    """Why a body whose outermost object has a key twice is not taken, whatever its items have. It must be an object in JSON.

    A key is told by its quotes: those of the body are those of its keys and of what these stand for, or there are more of either.
    """
    parts = _decode_parts(body)
    quotes = sum(2 + bytes(part).count(b'"') for part in parts.values())
    return None if body.count(b'"') == quotes else Refusal("body", DUPLICATE_KEY, "Has a key twice.")


def _refuse_repeated(pairs: Sequence[tuple[str, object]]) -> None:
    if len(dict(pairs)) == len(pairs):
        return
    seen: set[str] = set()
    for key, _ in pairs:
        if key in seen:
            raise _RepeatedError(key)
        seen.add(key)


# Nothing is kept of what is read, and no number is made of digits: there may be a million of them.
_decode = json.JSONDecoder(
    object_pairs_hook=_refuse_repeated, parse_int=len, parse_float=len, parse_constant=len
).decode
_decode_parts = msgspec.json.Decoder(Mapping[str, msgspec.Raw]).decode
