"""A body of many items, decoded item by item: one that cannot be read does not touch the others."""

import re
from collections.abc import Callable
from typing import Generic, TypeVar

import msgspec
from rest_framework.exceptions import ParseError
from rest_framework.request import Request

from clinical_engine.api.complaints import allowed_at, complaint_of
from clinical_engine.api.duplicate_keys import refusal_of_repeated_frame, refusal_of_repeated_key
from clinical_engine.common.errors import Refusal, RefusedError


class NamedItem(msgspec.Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """What every item has: the client's own id of it."""

    client_id: str


class _Named(msgspec.Struct):
    client_id: str | None = None


Frame = TypeVar("Frame")
Item = TypeVar("Item", bound=NamedItem)


class Decoded(msgspec.Struct, Generic[Item], frozen=True, gc=False):
    """One item of a body, or why there is none. `client_id` is the item's own, where it can be read."""

    client_id: str | None
    item: Item | None
    refusal: Refusal | None = None


_decode_named = msgspec.json.Decoder(_Named).decode
_decode_parts = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_decode_raw = msgspec.json.Decoder(msgspec.Raw).decode
# Not JSON, not UTF-8 (which the decoder reports as Python's own error), or nested too deeply.
UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
# The decoder counts the items only when it has them all, at 70 bytes each: 16 MB of `1,1,1` took 600 MB. A hundred commas to
# an item of the largest request are far more than ids hold.
_MOST_COMMAS = 1_000_000


def body_of(request: Request) -> bytes:
    """The bytes that `BulkBytesParser` read. Raises RefusedError when there are none."""
    body: object = request.data
    if not isinstance(body, bytes):
        raise RefusedError(Refusal("body", "missing", "A JSON body is required."))
    return body


def decode_whole(decode: Callable[[bytes], Frame], body: bytes) -> Frame | None:
    """The body as `decode` reads it with its items, in one go; None when anything in it cannot be read.

    What nearly all bodies are, and several times as fast as one item after the other.
    """
    try:
        return None if body.count(b",") > _MOST_COMMAS else decode(body)
    except UNREADABLE:
        return None


def decode_frame(decode: Callable[[bytes], Frame], body: bytes) -> Frame:
    """The body as `decode` reads it, with the items raw.

    Raises ParseError when it is not JSON, RefusedError when its frame is not as described.
    """
    if body.count(b",") > _MOST_COMMAS:
        raise RefusedError(Refusal("body", "invalid", "Has too many items."))
    try:
        frame, body = _read(decode, body)
    except msgspec.ValidationError as error:
        # The decoder knows what may stand where its error is; the function that it is called by is all that is at hand.
        shape = getattr(getattr(decode, "__self__", None), "type", None)
        raise RefusedError(_refusal(error, "body", shape)) from error
    except UNREADABLE as error:
        raise ParseError from error
    if (refusal := refusal_of_repeated_frame(body)) is not None:
        raise RefusedError(refusal)
    return frame


def decode_item(decode: Callable[[bytes], Item], raw: msgspec.Raw) -> Decoded[Item]:
    """The item as `decode` reads it, or the field that cannot be read."""
    text = bytes(raw)
    if (refusal := refusal_of_repeated_key(text)) is not None:
        return Decoded(_client_id(text), None, refusal)
    try:
        item = decode(text)
    except UnicodeDecodeError:
        return Decoded(_client_id(text), None, _refusal_of_text(text))
    except UNREADABLE as error:
        return Decoded(_client_id(text), None, _refusal(error, "item"))
    return Decoded(item.client_id, item)


def item_alone(text: bytes) -> msgspec.Raw | Refusal:
    """An item that comes by itself, such as a line of a file, for `decode_item`: repaired as it would be within a body."""
    try:
        return _read(_decode_raw, text)[0]
    except UNREADABLE as error:
        return _refusal(error, "item")


def _read(decode: Callable[[bytes], Frame], body: bytes) -> tuple[Frame, bytes]:
    """What `decode` makes of the body, repaired where it must be, and the body that it read."""
    try:
        return decode(body), body
    except msgspec.ValidationError:
        raise
    except UNREADABLE:
        body = _repaired(body)
        return decode(body), body


# An escaped pair of surrogates, half of one (the group), or any other escape. An unfinished text matches too: beginning a
# new search at each of its quotes would take quadratic time.
_ESCAPE = re.compile(rb"\\(?:u[dD][89abAB]..\\u[dD][c-fC-F]..|(u[dD][89a-fA-F]..)|.)", re.DOTALL)
_CONSTANT = re.compile(rb'"(?:[^"\\]|\\.)*+"?|(NaN|-?Infinity)', re.DOTALL)
# Over everything else to the next bracket, or to the end: to call for each text takes ten times as long.
_BRACKET = re.compile(rb'(?:[^"\[\]{}]++|"(?:[^"\\]|\\.)*+"?)*+(?:([\[{])|([\]}])|\Z)', re.DOTALL)
# No field is nested as deeply; decoders give up at about a thousand.
_DEEPEST = 100
# A request of a thousand readings of a hundred components has a fifth of them.
_MOST_BRACKETS = 500_000


def _repaired(body: bytes) -> bytes:
    """The body with what JSON lacks and clients write nevertheless made readable, so that just its item is refused.

    NaN and Infinity become a list, which no field takes; half a pair of surrogates, which is no text, a byte that is none; of what
    is nested too deeply for a decoder, which JSON allows, the inside is left out.
    """
    body = _ESCAPE.sub(lambda escape: b"\xff" if escape[1] else escape[0], body)
    return _shallow(_CONSTANT.sub(lambda token: b"[]" if token[1] else token[0], body))


def _shallow(body: bytes) -> bytes:
    """The body with an empty list in place of whatever lies deeper than any field; unchanged when it is not closed."""
    if body.count(b"[") + body.count(b"{") > _MOST_BRACKETS:
        return body
    kept, start, depth = [], 0, 0
    for token in _BRACKET.finditer(body):
        if token[1]:
            depth += 1
            if depth == _DEEPEST:
                kept.append(body[start : token.start(1)])
        elif token[2]:
            if depth == _DEEPEST:
                kept.append(b"[]")
                start = token.end()
            depth -= 1
    return b"".join([*kept, body[start:]]) if kept and not depth else body


def _client_id(raw: bytes) -> str | None:
    try:
        return _decode_named(raw).client_id
    except UNREADABLE:
        return None


def _refusal_of_text(raw: bytes) -> Refusal:
    try:
        parts = _decode_parts(raw)
    except UNREADABLE:
        parts = {}
    field = next((name for name, part in parts.items() if not _is_readable(part)), "item")
    return Refusal(field, "not_text", "Must be text in UTF-8.")


def _is_readable(part: msgspec.Raw) -> bool:
    try:
        msgspec.json.decode(part)
    except UNREADABLE:
        return False
    return True


def _refusal(error: Exception, whole: str, shape: object = None) -> Refusal:
    """The decoder's complaint about what was to be of a shape, in words of ours; `whole` names what has no place."""
    text = str(error)
    found = re.search(r" - at `\$\.?([^`]*)`$", text)
    place = found[1] if found else ""
    if missing := re.search(r"missing required field `([^`]*)`", text):
        return Refusal(_inside(place, missing[1]), "missing", "Is required.")
    if unknown := re.search(r"contains unknown field `([^`]*)`", text):
        return Refusal(_inside(place, unknown[1])[:128], "invalid", "There is no such field.")
    code, message = complaint_of(error, allowed_at(shape, place))
    return Refusal(place or whole, code, message)


def _inside(place: str, field: str) -> str:
    return f"{place}.{field}" if place else field
