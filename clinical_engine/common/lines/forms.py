"""The two forms in which lines are sent."""

from enum import StrEnum


class LineForm(StrEnum):
    """The media type of a body of lines."""

    NDJSON = "application/x-ndjson"
    CSV = "text/csv"
