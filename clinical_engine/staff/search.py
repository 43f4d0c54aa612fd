"""Reading what a person typed, or what stands in an address."""

from uuid import UUID


def as_uuid(text: str) -> UUID | None:
    """The id that a text is, if it is one."""
    try:
        return UUID(text.strip())
    except ValueError:
        return None
