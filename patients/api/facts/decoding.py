"""The body of a request with many facts, decoded fact by fact."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec

from clinical_engine.api.decoding import Decoded, NamedItem, decode_frame, decode_item

MAX_ITEMS = 1000


class FactItem(NamedItem, frozen=True):
    """One fact as sent."""

    external_id: str
    name: str
    value: Any
    effective_from: datetime


class _Body(msgspec.Struct, forbid_unknown_fields=True):
    organisation: UUID
    facts: Annotated[list[msgspec.Raw], msgspec.Meta(min_length=1, max_length=MAX_ITEMS)]


_decode_body = msgspec.json.Decoder(_Body).decode
_decode_item = msgspec.json.Decoder(FactItem).decode


def decode_facts(body: bytes) -> tuple[UUID, Sequence[Decoded[FactItem]]]:
    """The organisation and the items of a body `{"organisation", "facts": [...]}` with 1 to 1,000 items.

    Raises ParseError when it is not JSON, RefusedError when its frame is not as described.
    """
    frame = decode_frame(_decode_body, body)
    return frame.organisation, [decode_item(_decode_item, raw) for raw in frame.facts]
