"""The body of a request with many statements, decoded statement by statement."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec

from clinical_engine.api.decoding import Decoded, NamedItem, decode_frame, decode_item

MAX_ITEMS = 10_000


class StatementItem(NamedItem, frozen=True):
    """One statement as sent."""

    external_id: str
    effective_at: datetime


class _Body(msgspec.Struct, forbid_unknown_fields=True):
    submitter: UUID
    statements: Annotated[list[msgspec.Raw], msgspec.Meta(min_length=1, max_length=MAX_ITEMS)]


_decode_body = msgspec.json.Decoder(_Body).decode
_decode_item = msgspec.json.Decoder(StatementItem).decode


def decode_statements(body: bytes) -> tuple[UUID, Sequence[Decoded[StatementItem]]]:
    """The submitter and the items of a body `{"submitter", "statements": [...]}` with 1 to 10,000 items.

    Raises ParseError when it is not JSON, RefusedError when its frame is not as described.
    """
    frame = decode_frame(_decode_body, body)
    return frame.submitter, [decode_item(_decode_item, raw) for raw in frame.statements]
