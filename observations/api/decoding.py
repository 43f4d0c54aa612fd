"""The body of a bulk request, decoded item by item: one that cannot be read does not touch the others."""

import json
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


def decode_measurements(body: bytes) -> tuple[UUID, Sequence[DecodedItem]]:
    """The organisation and the items of a body `{"organisation", "measurements": [...]}` with 1 to 1,000 items.

    Raises ParseError when it is not JSON, RefusedError when its frame is not as described.
    """
    try:
        frame = _decode_frame(body)
    except msgspec.ValidationError as error:
        raise RefusedError(_refusal(error)) from error
    return frame.organisation, [_item(bytes(raw)) for raw in frame.measurements]


def _decode_frame(body: bytes) -> _Body:
    try:
        return _decode_body(body)
    except msgspec.ValidationError:
        raise
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        return _decode_body(_with_constants_as_text(body))


def _with_constants_as_text(body: bytes) -> bytes:
    """NaN and Infinity, which many clients write although JSON has none, as texts: so that just their item is refused."""
    try:
        document = json.loads(body, parse_constant=str, parse_float=Decimal)
        return msgspec.json.encode(document, decimal_format="number")
    except (ValueError, RecursionError, InvalidOperation) as error:
        raise ParseError from error


def _item(raw: bytes) -> DecodedItem:
    try:
        item = _decode_item(raw)
        value = _value(bytes(item.value))
    except (msgspec.DecodeError, RecursionError) as error:
        return DecodedItem(_client_id(raw), None, _refusal(error))
    if isinstance(value, Refusal):
        return DecodedItem(item.client_id, None, value)
    reading = Reading(item.client_id, item.external_id, item.code, value, item.unit, item.measured_at)
    return DecodedItem(item.client_id, reading)


def _value(raw: bytes) -> Decimal | bool | Refusal:
    if raw in {b"true", b"false"}:
        return raw == b"true"
    if raw[:1] in b'"[{n':
        return Refusal("value", "not_a_number", "Must be a finite number (not a text), true or false.")
    try:
        return Decimal(raw.decode())
    except InvalidOperation:
        return Refusal("value", "not_a_number", "Must be a finite number (not a text), true or false.")


def _client_id(raw: bytes) -> str | None:
    try:
        return _decode_named(raw).client_id
    except (msgspec.DecodeError, RecursionError):
        return None


def _refusal(error: Exception) -> Refusal:
    """The decoder's complaint: it names the place and the types, and holds no value but names of fields."""
    text = str(error)
    place = re.search(r" - at `\$\.?([^`]*)`$", text)
    missing = re.search(r"(?:missing required|contains unknown) field `([^`]*)`", text)
    field = (missing[1] if missing else "") or (place[1] if place else "") or "item"
    message = re.sub(r" - at `.*`$", "", text).replace("Object", "The item")
    return Refusal(field[:128], "missing" if "missing required" in text else "invalid", f"{message}.")
