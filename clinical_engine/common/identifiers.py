"""UUIDv7 identifiers: everything that leaves the engine is named by one, since time-ordered keys keep index inserts local."""

from uuid import UUID

import uuid_utils


def new_id() -> UUID:
    """A new UUIDv7 (RFC 9562, section 5.7): sorts by the millisecond of its making."""
    # The library's own way to a UUID of the standard library takes half as long again.
    return UUID(int=uuid_utils.uuid7().int)


def new_id_text() -> str:
    """The same as a text, at a fraction of the time, for rows by the thousand."""
    return str(uuid_utils.uuid7())
