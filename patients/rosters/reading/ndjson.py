"""Lines that are JSON objects `{"external_id", "active_since"}`, one each (https://github.com/ndjson/ndjson-spec)."""

import json
import re
from datetime import datetime
from typing import Annotated

import msgspec

from clinical_engine.api.complaints import complaint_of
from clinical_engine.api.decoding import UNREADABLE
from clinical_engine.common.errors import Refusal
from clinical_engine.common.lines import Block
from patients.rosters.reading.lines import ACTIVE_SINCE, EXTERNAL_ID, Columns, Said

Instant = Annotated[datetime, msgspec.Meta(tz=True)]


class _Entry(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    external_id: str
    active_since: Instant


class _LooseEntry(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    external_id: str
    active_since: datetime


class _Named(msgspec.Struct, gc=False):
    external_id: str


_decode_entries = msgspec.json.Decoder(_Entry).decode_lines
_decode_entry = msgspec.json.Decoder(_LooseEntry).decode
_decode_named = msgspec.json.Decoder(_Named).decode
# Those of two names and two texts.
_QUOTES = 8
_UNKNOWN_FIELD = Refusal(
    "line", "unknown_field", f"Must have no fields but {EXTERNAL_ID} and {ACTIVE_SINCE}."
)
_REPEATED_FIELD = Refusal("line", "repeated_field", "Must have each field once.")
_NOT_JSON = Refusal("line", "not_json", "Must be one JSON object.")


class NdjsonDecoder:
    """Reads blocks and lines of a roster in NDJSON."""

    def columns(self, block: Block) -> Columns | None:
        """What the lines say; None when one of them, at least, is not as described."""
        try:
            entries = _decode_entries(block.content)
        except UNREADABLE:
            return None
        # The decoder takes several objects of one line, and one of several lines. As the objects are flat, a line that begins
        # with a brace begins an object: with as many of one as of the other, each line is one object.
        begun = block.content.count(b"\n{") + block.content.startswith(b"{")
        if not len(entries) == begun == len(block.lines) or _repeats_fields(block.content, len(entries)):
            return None
        return Columns([entry.external_id for entry in entries], [entry.active_since for entry in entries])

    def said(self, line: bytes) -> Said:
        """What the line says, or why it cannot be read."""
        try:
            entry = _decode_entry(line)
        except UnicodeDecodeError:
            return Said(refusal=Refusal("line", "not_text", "Must be text in UTF-8."))
        except msgspec.ValidationError as error:
            return Said(_external_id(line), refusal=_refusal(error))
        except UNREADABLE:
            return Said(refusal=_NOT_JSON)
        if _repeats_fields(line, 1):
            return Said(_external_id(line), refusal=_REPEATED_FIELD)
        return Said(entry.external_id, entry.active_since)


def _repeats_fields(objects: bytes, count: int) -> bool:
    """Whether one of `count` objects that could be decoded has a field twice, of which the decoder silently takes the last.

    Each has both fields, all values are texts, and so it has eight quotes, besides those in a text: a backslash stands before them.
    """
    quotes = objects.count(b'"')
    if b"\\" in objects:
        quotes -= objects.replace(rb"\\", b"").count(rb"\"")
    return quotes != count * _QUOTES


def _external_id(line: bytes) -> str | None:
    """The external id of a line that is not as described; None unless it tells one."""
    try:
        named = _decode_named(line).external_id
        members = json.loads(line, object_pairs_hook=list)
    except (*UNREADABLE, ValueError):
        return None
    return named if [name for name, _ in members].count(EXTERNAL_ID) == 1 else None


def _refusal(error: Exception) -> Refusal:
    """The decoder's complaint in our words, with the field's name; but for one that is unknown, which is the sender's own text."""
    complaint = str(error)
    if "contains unknown field" in complaint:
        return _UNKNOWN_FIELD
    if missing := re.search(r"missing required field `([^`]*)`", complaint):
        return Refusal(missing[1], "missing", "Is required.")
    place = re.search(r" - at `\$\.([^`]*)`$", complaint)
    if place is None:
        return _NOT_JSON
    return Refusal(place[1], *complaint_of(error))
