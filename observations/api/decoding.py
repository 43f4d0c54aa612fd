"""The body of a bulk request, decoded item by item: one that cannot be read does not touch the others."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Annotated
from uuid import UUID

import msgspec
from rest_framework.exceptions import ParseError

from clinical_engine.common.errors import Refusal, RefusedError
from observations.readings import Reading

MAX_ITEMS = 1000


class _Body(msgspec.Struct, forbid_unknown_fields=True):
    organisation: UUID
    measurements: Annotated[list[msgspec.Raw], msgspec.Meta(min_length=1, max_length=MAX_ITEMS)]


class _Item(msgspec.Struct, forbid_unknown_fields=True):
    client_id: str
    external_id: str
    code: str
    value: msgspec.Raw
    measured_at: datetime
    unit: str | None = None


class _Named(msgspec.Struct):
    client_id: str | None = None


@dataclass(frozen=True, slots=True)
class DecodedItem:
    """One item of the body: the reading, or why there is none. `client_id` is the item's own, where it can be read."""

    client_id: str | None
    reading: Reading | None
    refusal: Refusal | None = None


_decode_body = msgspec.json.Decoder(_Body).decode
_decode_item = msgspec.json.Decoder(_Item).decode
_decode_named = msgspec.json.Decoder(_Named).decode
_decode_parts = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
# Not JSON, not UTF-8 (which the decoder reports as Python's own error), or nested too deeply.
_UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


def decode_measurements(body: bytes) -> tuple[UUID, Sequence[DecodedItem]]:
    """The organisation and the items of a body `{"organisation", "measurements": [...]}` with 1 to 1,000 items.

    Raises ParseError when it is not JSON, RefusedError when its frame is not as described.
    """
    try:
        frame = _decode_frame(body)
    except ParseError:
        frame = _decode_frame(_repaired(body))
    return frame.organisation, [_item(bytes(raw)) for raw in frame.measurements]


def _decode_frame(body: bytes) -> _Body:
    try:
        return _decode_body(body)
    except msgspec.ValidationError as error:
        raise RefusedError(_refusal(error, "body")) from error
    except _UNREADABLE as error:
        raise ParseError from error


# An escaped pair of surrogates, half of one (the group), or any other escape. An unfinished text matches too: beginning a
# new search at each of its quotes would take quadratic time.
_ESCAPE = re.compile(rb"\\(?:u[dD][89abAB]..\\u[dD][c-fC-F]..|(u[dD][89a-fA-F]..)|.)", re.DOTALL)
_CONSTANT = re.compile(rb'"(?:[^"\\]|\\.)*+"?|(NaN|-?Infinity)', re.DOTALL)


def _repaired(body: bytes) -> bytes:
    """The body with what JSON lacks and clients write nevertheless made readable, so that just its item is refused.

    NaN and Infinity become a list, which no field takes; half a pair of surrogates, which is no text, a byte that is none.
    """
    body = _ESCAPE.sub(lambda escape: b"\xff" if escape[1] else escape[0], body)
    return _CONSTANT.sub(lambda token: b"[]" if token[1] else token[0], body)


def _item(raw: bytes) -> DecodedItem:
    try:
        item = _decode_item(raw)
    except UnicodeDecodeError:
        return DecodedItem(_client_id(raw), None, _refusal_of_text(raw))
    except _UNREADABLE as error:
        return DecodedItem(_client_id(raw), None, _refusal(error, "item"))
    value = _value(bytes(item.value))
    if isinstance(value, Refusal):
        return DecodedItem(item.client_id, None, value)
    reading = Reading(item.client_id, item.external_id, item.code, value, item.unit, item.measured_at)
    return DecodedItem(item.client_id, reading)


def _value(raw: bytes) -> Decimal | bool | Refusal:
    if raw in {b"true", b"false"}:
        return raw == b"true"
    try:
        # Exactly as sent: a text, a list or null is refused here too, since it does not begin like a number.
        return Decimal(raw.decode())
    except (InvalidOperation, UnicodeDecodeError):
        return Refusal("value", "not_a_number", "Must be a finite number (not a text), true or false.")


def _client_id(raw: bytes) -> str | None:
    try:
        return _decode_named(raw).client_id
    except _UNREADABLE:
        return None


def _refusal_of_text(raw: bytes) -> Refusal:
    try:
        parts = _decode_parts(raw)
    except _UNREADABLE:
        parts = {}
    field = next((name for name, part in parts.items() if not _is_readable(part)), "item")
    return Refusal(field, "not_text", "Must be text in UTF-8.")


def _is_readable(part: msgspec.Raw) -> bool:
    try:
        msgspec.json.decode(part)
    except _UNREADABLE:
        return False
    return True


def _refusal(error: Exception, whole: str) -> Refusal:
    """The decoder's complaint, which names a place and types but holds no value; `whole` names what has no place."""
    text = str(error)
    if missing := re.search(r"missing required field `([^`]*)`", text):
        return Refusal(missing[1], "missing", "Is required.")
    if unknown := re.search(r"contains unknown field `([^`]*)`", text):
        return Refusal(unknown[1][:128], "invalid", "There is no such field.")
    place = re.search(r" - at `\$\.?([^`]*)`$", text)
    message = re.sub(r" - at `.*`$", "", text)
    return Refusal((place[1] if place else "") or whole, "invalid", f"{message}.")
