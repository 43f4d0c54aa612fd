"""UUIDv7 identifiers: everything that leaves the engine is named by one, since time-ordered keys keep index inserts local."""

from uuid import UUID

from uuid_utils.compat import uuid7


def new_id() -> UUID:
    """A new UUIDv7 (RFC 9562, section 5.7): sorts by the millisecond of its making."""
    return uuid7()
