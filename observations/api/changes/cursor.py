"""The place that a client has reached in the feed, as a text that only we read."""

import struct
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from uuid import UUID

from clinical_engine.common.errors import Refusal, RefusedError
from observations.changes import Horizon, Place

_VERSION = 1
# Version, database, its line of history, transaction, row.
_FORM = struct.Struct(">BqIQ16s")


class BeginAnewError(Exception):
    """The cursor tells of another database than this one has become: places in the two cannot be compared."""


@dataclass(frozen=True, slots=True)
class Cursor:
    """A place, and the database and line of its history in which it is one."""

    system: int
    timeline: int
    place: Place

    def __str__(self) -> str:
        packed = _FORM.pack(
            _VERSION, self.system, self.timeline, self.place.changed_in, self.place.row_id.bytes
        )
        return urlsafe_b64encode(packed).decode().rstrip("=")

    def place_in(self, horizon: Horizon) -> Place:
        """The place. Raises BeginAnewError when the feed with that horizon has none of the kind."""
        is_here = (self.system, self.timeline) == (horizon.system, horizon.timeline)
        if not is_here or self.place.changed_in >= horizon.after:
            raise BeginAnewError("The database was restored or replaced since: begin without a cursor.")
        return self.place


def cursor_of(text: str) -> Cursor:
    """The cursor that was given out as this text. Raises RefusedError for any other text."""
    try:
        packed = urlsafe_b64decode(text + "=" * (-len(text) % 4))
        version, system, timeline, changed_in, row_id = _FORM.unpack(packed)
    except (ValueError, struct.error):
        version = None
    if version != _VERSION:
        raise RefusedError(Refusal("cursor", "invalid", "Must be a `cursor` that an answer gave."))
    return Cursor(system, timeline, Place(changed_in, UUID(bytes=row_id)))
