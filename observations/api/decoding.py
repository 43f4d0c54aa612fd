"""The body of a request with many readings, decoded reading by reading."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Annotated, Generic, TypeVar
from uuid import UUID

import msgspec

from clinical_engine.api.decoding import NamedItem, decode_frame, decode_item, decode_whole
from clinical_engine.api.duplicate_keys import repeated_key
from clinical_engine.common.errors import Refusal
from observations.api.quotes import may_repeat_a_key
from observations.readings import Component, Reading, Simple

MAX_ITEMS = 1000


Measurement = TypeVar("Measurement")


class _Body(msgspec.Struct, Generic[Measurement], forbid_unknown_fields=True):
    organisation: UUID
    measurements: Annotated[list[Measurement], msgspec.Meta(min_length=1, max_length=MAX_ITEMS)]


class _Component(msgspec.Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    code: str
    value: msgspec.Raw
    unit: str | None = None


class _Item(NamedItem, frozen=True):
    external_id: str
    code: str
    measured_at: datetime
    value: msgspec.Raw = msgspec.Raw()
    unit: str | None = None
    components: list[_Component] | None = None
    replaces: str | None = None


class DecodedItem(msgspec.Struct, frozen=True, gc=False):
    """One item of the body: the reading, or why there is none. `client_id` is the item's own, where it can be read."""

    client_id: str | None
    reading: Reading | Refusal


_decode_body = msgspec.json.Decoder(_Body[_Item]).decode
_decode_raw_items = msgspec.json.Decoder(_Body[msgspec.Raw]).decode
_decode_item = msgspec.json.Decoder(_Item).decode


def decode_measurements(body: bytes) -> tuple[UUID, Sequence[DecodedItem]]:
    """The organisation and the items of a body `{"organisation", "measurements": [...]}` with 1 to 1,000 items.

    Raises ParseError when it is not JSON, RefusedError when its frame is not as described.
    """
    if (whole := decode_whole(_decode_body, body)) is not None:
        items = [_decoded(item) for item in whole.measurements]
        if not may_repeat_a_key(body, [item.reading for item in items]) or repeated_key(body) is None:
            return whole.organisation, items
    frame = decode_frame(_decode_raw_items, body)
    return frame.organisation, [decode_measurement(raw) for raw in frame.measurements]


def decode_measurement(raw: msgspec.Raw) -> DecodedItem:
    """One item, from its own JSON."""
    decoded = decode_item(_decode_item, raw)
    item = decoded.item
    if item is None:
        return DecodedItem(decoded.client_id, decoded.refusal or _UNREADABLE)
    return _decoded(item)


def _decoded(item: _Item) -> DecodedItem:
    value = _simple(item.value) if item.components is None else _composed(item)
    if isinstance(value, Refusal):
        return DecodedItem(item.client_id, value)
    reading = Reading(
        item.client_id, item.external_id, item.code, value, item.unit, item.measured_at, item.replaces
    )
    return DecodedItem(item.client_id, reading)


def _composed(item: _Item) -> tuple[Component, ...] | Refusal:
    if bytes(item.value):
        return Refusal("value", "value_and_components", "A reading has a value or components.")
    components = []
    for position, component in enumerate(item.components or ()):
        value = _simple(component.value)
        if isinstance(value, Refusal):
            return Refusal(f"components[{position}].{value.field}", value.code, value.message)
        components.append(Component(component.code, value, component.unit))
    return tuple(components)


def _simple(raw: msgspec.Raw) -> Simple | Refusal:
    text = bytes(raw)
    if not text:
        return Refusal("value", "missing", "Is required.")
    if text in {b"true", b"false"}:
        return text == b"true"
    try:
        if text.startswith(b'"'):
            return _decode_text(text)
        # Exactly as sent: a list, an object or null is refused here too, since it does not begin like a number.
        return Decimal(text.decode())
    except UnicodeDecodeError:
        return Refusal("value", "not_text", "Must be text in UTF-8.")
    except InvalidOperation:
        return Refusal("value", "not_a_number", "Must be a finite number, a text, true or false.")


_decode_text = msgspec.json.Decoder(str).decode
_UNREADABLE = Refusal("item", "invalid", "Cannot be read.")
