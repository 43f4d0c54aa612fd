"""The answers to a slice of lines: by storing them, or by rehearsing that."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from django.db import transaction

from clinical_engine.common.database import array_literal, execute, fetch_all
from clinical_engine.common.lines import LineForm
from observations.catalogue import catalogue
from observations.importing.reading import Line, LineReader
from observations.intake import Answer, Outcome, Sender, record_measurements
from observations.models import MeasurementImport, MeasurementSource
from observations.readings import Reading
from patients.validation import refusals_of_text

# Single measurements of the same patients wait for a slice, which takes a fraction of a second.
SLICE = 1000
# Of the longest lines a slice has fewer.
_SLICE_BYTES = 8 * 1024 * 1024
_NEW = (Outcome.ACCEPTED, Outcome.HELD)
# So many statements, at most, has a slice of a dry run for the chains of its corrections.
_LINKS = 10
_NOTHING = array_literal(())


@dataclass(frozen=True, slots=True)
class Answered:
    """A line and its answer."""

    line: Line
    answer: Answer


def answer_slice(file: MeasurementImport) -> list[Answered]:
    """Answer the next lines of a file in the caller's transaction; none when all are answered.

    Unless it is a dry run the readings are stored. A dry run stores nothing of them, and answers as if it had.
    """
    staged = fetch_all(_NEXT, [file.pk, file.last_line, SLICE, _SLICE_BYTES])
    lines = _read(file, staged)
    if not lines:
        return []
    answers = _rehearsed(file, lines) if file.dry_run else _recorded(file, lines)
    return [Answered(line, answer) for line, answer in zip(lines, answers, strict=True)]


_NEXT = """
    SELECT line, content FROM (
        SELECT line, content, sum(bytes) OVER (ORDER BY line ROWS UNBOUNDED PRECEDING) - bytes AS bytes_before
        FROM (
            SELECT line, content, COALESCE(octet_length(content), 0) AS bytes FROM observations_importedline
            WHERE measurement_import_id = %s AND line > %s ORDER BY line LIMIT %s
        ) AS next
    ) AS summed
    WHERE bytes_before < %s ORDER BY line
"""


def _read(file: MeasurementImport, staged: Iterable[tuple[Any, ...]]) -> list[Line]:
    reader = LineReader(LineForm(file.form), file.columns, catalogue())
    return [reader.read(number, content) for number, content in staged]


def _recorded(file: MeasurementImport, lines: Sequence[Line]) -> list[Answer]:
    return record_measurements(
        organisation_id=file.organisation_id,
        readings=[line.reading for line in lines],
        sender=Sender(MeasurementSource.IMPORT, actor_id=file.actor_id),
    )


def _rehearsed(file: MeasurementImport, lines: Sequence[Line]) -> list[Answer]:
    """The answers that the lines would get if all before them were stored: those that matter to them are stored first, again."""
    with transaction.atomic():
        earlier = _earlier(file, lines)
        told = _recorded(file, [*earlier, *lines])
        transaction.set_rollback(True)
    answers = told[len(earlier) :]
    _remember(file, lines, answers)
    gone = {answer.measurement_id for answer in told if answer.outcome in _NEW}
    return [
        msgspec.structs.replace(answer, measurement_id=None) if answer.measurement_id in gone else answer
        for answer in answers
    ]


def _earlier(file: MeasurementImport, lines: Sequence[Line]) -> list[Line]:
    """The lines of earlier slices that stored what these lines store, replaced what they replace, or replaced them beforehand.

    The first of each, in the order of the file. And what replaced the last of these in turn, for some links: with them a line may
    close a circle. One that is longer, or that goes through corrections which are stored already, only the import itself sees.
    """
    found: dict[int, Line] = {}
    stored, replaced = _ids(lines), [name for line in lines for name in (_replaces(line), line.client_id)]
    for _ in range(_LINKS):
        earlier = _read(file, fetch_all(_FIRST_OF_EACH, [file.pk, stored, array_literal(replaced)]))
        new = [line for line in earlier if line.number not in found]
        found |= {line.number: line for line in new}
        stored, replaced = _NOTHING, [line.client_id for line in new if _replaces(line)]
        if not replaced:
            break
    return [found[number] for number in sorted(found)]


_FIRST_OF_EACH = """
    SELECT line, content FROM observations_importedline JOIN (
        SELECT DISTINCT measurement_import_id, known.line FROM observations_rehearsedid known
        WHERE measurement_import_id = %s AND (kind, client_id) IN (
            SELECT 'stored', unnest(%s::text[]) UNION ALL SELECT 'replaced', unnest(%s::text[])
        )
    ) AS earlier USING (measurement_import_id, line)
    ORDER BY line
"""


def _remember(file: MeasurementImport, lines: Sequence[Line], answers: Sequence[Answer]) -> None:
    new = [line for line, answer in zip(lines, answers, strict=True) if answer.outcome in _NEW]
    replacing = [line for line in new if _replaces(line)]
    execute(
        """
        INSERT INTO observations_rehearsedid (measurement_import_id, kind, client_id, line)
        SELECT %s, 'stored', * FROM unnest(%s::text[], %s::int[])
        UNION ALL SELECT %s, 'replaced', * FROM unnest(%s::text[], %s::int[])
        ON CONFLICT DO NOTHING
        """,
        [
            *(file.pk, _ids(new), array_literal(line.number for line in new)),
            *(file.pk, _replaced(replacing), array_literal(line.number for line in replacing)),
        ],
    )


def _ids(lines: Iterable[Line]) -> str:
    return array_literal(line.client_id for line in lines)


def _replaced(lines: Iterable[Line]) -> str:
    return array_literal(_replaces(line) for line in lines)


def _replaces(line: Line) -> str:
    """What the line replaces; '' for nothing, and for what is no client id."""
    replaces = line.reading.replaces if isinstance(line.reading, Reading) else None
    return replaces if replaces and not refusals_of_text("replaces", replaces) else ""
