"""Lines of comma-separated values (RFC 4180) behind a header, of which no value may reach over a line's end."""

import csv
from datetime import datetime

import msgspec

from clinical_engine.common.errors import Refusal
from clinical_engine.common.lines import Block, refused_body
from clinical_engine.common.lines.csv import fault_of_quotes, has_its_quotes_in_place, values_of
from patients.rosters.reading.lines import ACTIVE_SINCE, EXTERNAL_ID, Columns, Said
from patients.rosters.reading.ndjson import Instant

_FIELDS = {EXTERNAL_ID, ACTIVE_SINCE}


class CsvDecoder:
    """Reads blocks and lines of a roster in CSV.

    Raises RefusedError when `header` does not name the two fields, in any order.
    """

    def __init__(self, header: bytes) -> None:
        names = values_of(header) or []
        if sorted(names) != sorted(_FIELDS):
            raise refused_body("no_header", f"Line 1 must be the header {EXTERNAL_ID},{ACTIVE_SINCE}.")
        self._position = {name: position for position, name in enumerate(names)}

    def columns(self, block: Block) -> Columns | None:
        """What the lines say; None when one of them, at least, is not as described."""
        try:
            lines = block.content.decode().split("\n")[:-1]
            rows = list(csv.reader(lines, strict=True))
        except (UnicodeDecodeError, csv.Error):
            return None
        # A value in quotes may hold a line's end: then there are fewer rows than lines.
        if len(rows) != len(block.lines) or set(map(len, rows)) != {len(_FIELDS)}:
            return None
        texts = [row[self._position[EXTERNAL_ID]] for row in rows]
        # A quote out of place is left in the value: where no value has one, no line need be looked at.
        if '"' in "".join(texts) and not all(map(has_its_quotes_in_place, lines)):
            return None
        try:
            times = msgspec.convert([row[self._position[ACTIVE_SINCE]] for row in rows], list[Instant])
        except msgspec.ValidationError:
            return None
        return Columns(texts, times)

    def said(self, line: bytes) -> Said:
        """What the line says, or why it cannot be read."""
        values = values_of(line)
        if values is None:
            return Said(refusal=Refusal("line", "not_text", "Must be text in UTF-8."))
        if len(values) != len(_FIELDS):
            wanted = "Must be two values with a comma between."
            return Said(refusal=Refusal("line", "not_csv", fault_of_quotes(line.decode()) or wanted))
        external_id, time = (values[self._position[name]] for name in (EXTERNAL_ID, ACTIVE_SINCE))
        try:
            return Said(external_id, msgspec.convert(time, datetime))
        except msgspec.ValidationError:
            return Said(external_id, refusal=_refusal_of(time))


def _refusal_of(time: str) -> Refusal:
    if not time:
        return Refusal(ACTIVE_SINCE, "empty", "Must not be empty.")
    return Refusal(ACTIVE_SINCE, "invalid", "Must be a time such as 2026-01-31T08:00:00+01:00.")
