"""What became of an import: in plain lines for a shell, and line by line as a CSV."""

import csv
import io
from collections.abc import Iterator
from typing import Any

from django.db.models import QuerySet
from django.template.defaultfilters import pluralize

from observations.exporting.cells import text_cell
from observations.exporting.snapshot import Snapshot
from observations.models import ImportProblem, ImportState, MeasurementImport

_PROBLEMS_SHOWN = 20
_HEADER = ("line", "outcome", "client_id", "field", "code", "reason")
_ENDINGS = {
    ImportState.IMPORTED: "Imported.",
    ImportState.TRIED: "Tried only: this was a dry run, nothing was stored.",
    ImportState.CANCELLED: "It was cancelled; what had been stored by then stands.",
}


def problems_of(file: MeasurementImport) -> QuerySet[ImportProblem]:
    """Why its lines were refused or are in conflict, in the order of the lines."""
    return file.problems.order_by("line", "number")


def problems_as_csv(file: MeasurementImport) -> Iterator[bytes]:
    """The problems as they are now as a CSV (RFC 4180, UTF-8 with a byte order mark), piece by piece.

    No value that was sent is in it but client ids, and no cell that a spreadsheet could take for a formula.
    """
    rows = problems_of(file).values_list("line", "outcome", "client_id", "field", "code", "message")
    snapshot = Snapshot(rows)
    try:
        yield b"\xef\xbb\xbf" + _written([_HEADER])
        for piece in snapshot.pieces():
            yield _written([(str(line), *map(text_cell, texts)) for line, *texts in piece])
    finally:
        snapshot.close()


def _written(rows: list[Any]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue().encode()


def received(file: MeasurementImport) -> str:
    """What was read."""
    return f"Read {file.lines:,} line{pluralize(file.lines)}; import {file.pk}."


def progress(file: MeasurementImport) -> str:
    """Where an import stands, in a line."""
    return f"{file.done:,} of {file.lines:,} lines"


def result(file: MeasurementImport) -> Iterator[str]:
    """What became of the lines of an import that goes on no more."""
    yield _row("lines", file.lines)
    yield _row("  answered", file.done)
    yield _row("    accepted", file.accepted)
    yield _row("    held", file.held)
    yield _row("    duplicates", file.duplicate)
    yield _row("    in conflict", file.conflict)
    yield _row("    refused", file.refused)
    yield _row("  flagged as implausible", file.implausible)
    yield from (_row(f"reason: {reason}", number) for reason, number in sorted(file.reasons.items()))
    shown = list(problems_of(file)[: _PROBLEMS_SHOWN + 1])
    for problem in shown[:_PROBLEMS_SHOWN]:
        yield f"line {problem.line:,}: {problem.field}: {problem.message}"
    if len(shown) > _PROBLEMS_SHOWN:
        yield "and more; --report FILE writes all of them, and the page of the import in the admin shows them."
    yield _ENDINGS[ImportState(file.state)]


def _row(words: str, number: int) -> str:
    return f"{words:<48}{number:>12,}"
