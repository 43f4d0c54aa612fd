"""Rosters as they are sent, and what is read of them."""

import gzip
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.test import Client

from patients.rosters.reading import LineProblem, RosterForm, RosterReader
from tests.factories import NOON

AS_OF = NOON
ROSTER = "019a2b3c-4d5e-7f60-8a9b-0c1d2e3f4a5c"
SINCE = "2026-03-01T00:00:00Z"


@dataclass(frozen=True)
class Read:
    """All that a reader gave: (line, external id, time) of each row, and its counts."""

    rows: list[tuple[int, str, datetime | None]]
    lines: int
    unreadable: int
    unnamed: int
    problems: list[LineProblem]


def ndjson(*entries: Any) -> bytes:
    """A line for each: an external id, (external id, time), an object, or a line as it is."""
    return b"".join(_line(entry) + b"\n" for entry in entries)


def _line(entry: Any) -> bytes:
    if isinstance(entry, bytes):
        return entry
    if isinstance(entry, str):
        entry = (entry, SINCE)
    if isinstance(entry, tuple):
        entry = dict(zip(("external_id", "active_since"), entry, strict=True))
    return json.dumps(entry).encode()


def csv(*lines: str, header: str = "external_id,active_since") -> bytes:
    return "".join(f"{line}\n" for line in (header, *lines)).encode()


def pieces(body: bytes, size: int = 1000) -> Iterator[bytes]:
    return (body[start : start + size] for start in range(0, len(body), size))


def packed(body: bytes) -> bytes:
    return gzip.compress(body, 1)


def reader_of(
    chunks: Iterable[bytes], form: RosterForm = RosterForm.NDJSON, *, gzipped: bool = False
) -> RosterReader:
    return RosterReader(iter(chunks), form=form, gzipped=gzipped, as_of=AS_OF, roster_id=ROSTER)


def read(
    body: bytes, form: RosterForm = RosterForm.NDJSON, *, gzipped: bool = False, size: int = 1000
) -> Read:
    """All of a body, which comes in pieces of `size` bytes. Raises what made reading stop."""
    reader = reader_of(pieces(body, size), form, gzipped=gzipped)
    with reader.failing_with_its_reason():
        rows = [_row(row) for row in reader.read().decode().split("\n")[:-1]]
    return Read(rows, reader.lines, reader.unreadable, reader.unnamed, reader.problems)


def _row(row: str) -> tuple[int, str, datetime | None]:
    """As COPY understands its text format: a backslash stands before each backslash, and `\\N` is no value."""
    roster, line, text, time = row.split("\t")
    assert roster == ROSTER
    assert "\\" not in text.replace("\\\\", "")
    since = None if time == "\\N" else datetime.fromisoformat(time)
    return int(line), text.replace("\\\\", "\\"), since


def codes(found: Read) -> list[tuple[int, str, str]]:
    """(line, field, code) of the problems."""
    return [(problem.line, problem.field, problem.code) for problem in found.problems]


def put_roster(api: Client, submitter_id: UUID, body: bytes, **options: Any) -> Any:
    """The answer to a roster as of noon; `options` are its parameters, its `content_type` and its `encoding`."""
    content_type = options.pop("content_type", RosterForm.NDJSON)
    encoding = options.pop("encoding", None)
    return api.put(
        f"/api/v1/submitters/{submitter_id}/roster",
        body,
        content_type=content_type,
        query_params={"as_of": AS_OF.isoformat(), **options},
        headers={"Content-Encoding": encoding} if encoding else {},
    )
