"""The two forms in which a roster is sent."""

from enum import StrEnum


class RosterForm(StrEnum):
    """The media type of a roster's body."""

    NDJSON = "application/x-ndjson"
    CSV = "text/csv"
