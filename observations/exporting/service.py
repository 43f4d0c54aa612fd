"""Counting, recording, and writing what is exported."""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.contrib.auth.models import User
from django.core.exceptions import EmptyResultSet
from django.db import transaction
from django.db.models import QuerySet

from clinical_engine.audit import services as audit
from clinical_engine.common.errors import NotAllowedNowError
from clinical_engine.common.identifiers import new_id
from observations.catalogue import catalogue
from observations.exporting.lines import HEADER, Lines, Row, columns
from observations.exporting.snapshot import Snapshot
from observations.models import CodeAnswer, Measurement

MOST = 1_000_000
# Without it the spreadsheet that most people have takes UTF-8 for a code page.
_BYTE_ORDER_MARK = "\ufeff"


class TooManyError(NotAllowedNowError):
    """More measurements match than one file may have; nothing was exported."""

    def __init__(self) -> None:
        super().__init__(
            f"More than {MOST:,} measurements match, which is the most for one file. Narrow the list and export it in parts."
        )


@dataclass(frozen=True, slots=True)
class Asked:
    """What somebody chose to export, as the audit trail keeps it: ids and names of choices, never values of patients."""

    filters: Mapping[str, object]
    organisation_id: UUID | None = None
    patients: Mapping[UUID, UUID] = field(default_factory=dict)
    """The patients that were asked for by name, with their organisations; their own trails tell of it."""


@dataclass(slots=True)
class Export:
    """A file that is ready to be sent: how many measurements it has, and its bytes, piece by piece. To be closed."""

    number: int
    _snapshot: Snapshot | None
    _lines: Lines = field(repr=False)

    def __iter__(self) -> Iterator[bytes]:
        """The file in UTF-8 with a byte order mark, as RFC 4180 says."""
        yield (_BYTE_ORDER_MARK + _written([HEADER])).encode()
        if self._snapshot is None:
            return
        for piece in self._snapshot.pieces():
            yield _written([line for row in piece for line in self._lines.of(Row(*row))]).encode()

    def close(self) -> None:
        """Let go of what PostgreSQL holds."""
        if self._snapshot is not None:
            self._snapshot.close()


def export(*, actor: User, rows: QuerySet[Measurement], asked: Asked, reason: str) -> Export:
    """Make a file of the measurements as they are now, recorded in the audit trail with how many they are and what was asked for.

    Raises TooManyError beyond `MOST`. What is in the file is what was counted, whatever comes in meanwhile.
    """
    answers = CodeAnswer.objects.values_list("code__code", "answer", "display")
    lines = Lines(catalogue(), {(code, answer): display for code, answer, display in answers})
    snapshot = _snapshot(columns(rows)[: MOST + 1])
    made = Export(0 if snapshot is None else snapshot.number, snapshot, lines)
    with ExitStack() as unless_sent:
        unless_sent.callback(made.close)
        if made.number > MOST:
            raise TooManyError
        _record(actor, made.number, asked, reason)
        unless_sent.pop_all()
    return made


def _snapshot(rows: QuerySet[Any]) -> Snapshot | None:
    try:
        return Snapshot(rows)
    except EmptyResultSet:
        # Django sees that nothing can match, and has no statement for it.
        return None


@transaction.atomic
def _record(actor: User, number: int, asked: Asked, reason: str) -> None:
    details = {"measurements": number, "filters": dict(asked.filters)}
    targets = [
        audit.Target("measurement_export", new_id(), asked.organisation_id, details),
        *(audit.Target("patient", key, owner, details) for key, owner in asked.patients.items()),
    ]
    audit.record(actor=actor, action="measurement.export", targets=targets, reason=reason)


def _written(lines: Sequence[Sequence[str]]) -> str:
    text = io.StringIO()
    csv.writer(text).writerows(lines)
    return text.getvalue()
