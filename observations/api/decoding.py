"""The body of a request with many readings, decoded reading by reading."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Annotated
from uuid import UUID

import msgspec

from clinical_engine.api.decoding import NamedItem, decode_frame, decode_item
from clinical_engine.common.errors import Refusal
from observations.readings import Reading

MAX_ITEMS = 1000


class _Body(msgspec.Struct, forbid_unknown_fields=True):
    organisation: UUID
    measurements: Annotated[list[msgspec.Raw], msgspec.Meta(min_length=1, max_length=MAX_ITEMS)]


class _Item(NamedItem, frozen=True):
    external_id: str
    code: str
    value: msgspec.Raw
    measured_at: datetime
    unit: str | None = None


@dataclass(frozen=True, slots=True)
class DecodedItem:
    """One item of the body: the reading, or why there is none. `client_id` is the item's own, where it can be read."""

    client_id: str | None
    reading: Reading | None
    refusal: Refusal | None = None


_decode_body = msgspec.json.Decoder(_Body).decode
_decode_item = msgspec.json.Decoder(_Item).decode


def decode_measurements(body: bytes) -> tuple[UUID, Sequence[DecodedItem]]:
    """The organisation and the items of a body `{"organisation", "measurements": [...]}` with 1 to 1,000 items.

    Raises ParseError when it is not JSON, RefusedError when its frame is not as described.
    """
    frame = decode_frame(_decode_body, body)
    return frame.organisation, [_item(raw) for raw in frame.measurements]


def _item(raw: msgspec.Raw) -> DecodedItem:
    decoded = decode_item(_decode_item, raw)
    item = decoded.item
    if item is None:
        return DecodedItem(decoded.client_id, None, decoded.refusal)
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
