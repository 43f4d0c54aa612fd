"""The body of a request with many readings, decoded reading by reading."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Annotated, Generic, TypeVar
from uuid import UUID

import msgspec

from clinical_engine.api.decoding import (
    UNREADABLE,
    NamedItem,
    decode_frame,
    decode_item,
    decode_whole,
    item_alone,
)
from clinical_engine.api.duplicate_keys import repeated_key
from clinical_engine.common.errors import Refusal
from observations.api.quotes import may_repeat_a_key
from observations.readings import Component, NoValue, Reading, Simple, Unread

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


class _Coded(msgspec.Struct):
    code: str = ""


class DecodedItem(msgspec.Struct, frozen=True, gc=False):
    """One item of the body: the reading, or why there is none. `client_id` is the item's own, where it can be read."""

    client_id: str | None
    reading: Reading | Unread


_decode_body = msgspec.json.Decoder(_Body[_Item]).decode
_decode_raw_items = msgspec.json.Decoder(_Body[msgspec.Raw]).decode
_decode_item = msgspec.json.Decoder(_Item).decode
_decode_coded = msgspec.json.Decoder(_Coded).decode
_decode_text = msgspec.json.Decoder(str).decode


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
    if decoded.item is not None:
        return _decoded(decoded.item)
    refusal = decoded.refusal or _CANNOT_BE_READ
    # Where the code itself is what is wrong, it stands there twice perhaps.
    code = "" if refusal.field == "code" else _code_in(raw)
    return DecodedItem(decoded.client_id, Unread(refusal, code))


def decode_line(line: bytes) -> DecodedItem:
    """One item that came by itself, with the answer that it would get in a body."""
    raw = item_alone(line)
    return DecodedItem(None, Unread(raw)) if isinstance(raw, Refusal) else decode_measurement(raw)


def _code_in(raw: msgspec.Raw) -> str:
    try:
        return _decode_coded(raw).code
    except UNREADABLE:
        return ""


def _decoded(item: _Item) -> DecodedItem:
    try:
        value = _simple(item.value) if item.components is None else _composed(item)
    except _NotReadableError as error:
        return DecodedItem(item.client_id, Unread(error.refusal, item.code))
    reading = Reading(
        item.client_id, item.external_id, item.code, value, item.unit, item.measured_at, item.replaces
    )
    return DecodedItem(item.client_id, reading)


class _NotReadableError(Exception):
    def __init__(self, field: str, code: str, message: str) -> None:
        self.refusal = Refusal(field, code, message)
        super().__init__(code)


def _composed(item: _Item) -> tuple[Component, ...]:
    if bytes(item.value):
        raise _NotReadableError("value", "value_and_components", "A reading has a value or components.")
    components: list[Component] = []
    try:
        for each in item.components or ():
            # A comprehension takes longer, and does not tell which one could not be read.
            components.append(Component(each.code, _simple(each.value), each.unit))  # noqa: PERF401
    except _NotReadableError as error:
        inner = error.refusal
        raise _NotReadableError(
            f"components[{len(components)}].{inner.field}", inner.code, inner.message
        ) from None
    return tuple(components)


def _simple(raw: msgspec.Raw) -> Simple:
    text = bytes(raw)
    if text in _NO_NUMBERS:
        return _NO_NUMBERS[text]
    try:
        if text.startswith(b'"'):
            return _decode_text(text)
        # Exactly as sent: a list or an object is none either, since it does not begin like a number.
        return Decimal(text.decode())
    except UnicodeDecodeError:
        raise _NotReadableError("value", "not_text", "Must be text in UTF-8.") from None
    except InvalidOperation:
        return NoValue.OTHER


_NO_NUMBERS: Mapping[bytes, Simple] = {
    b"": NoValue.MISSING,
    b"true": True,
    b"false": False,
    b"null": NoValue.OTHER,
}
_CANNOT_BE_READ = Refusal("item", "invalid", "Cannot be read.")
