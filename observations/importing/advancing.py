"""One step of an import, in one transaction: answer a slice of its lines, or clear away what only its dry run needed."""

from collections import Counter
from collections.abc import Iterable, Sequence
from uuid import UUID

from django.db.models.functions import Now

from clinical_engine.common.database import execute
from observations.importing.answering import Answered, answer_slice
from observations.importing.problems import keep_problems, reasons_of
from observations.models import ImportState, MeasurementImport
from observations.models.imports import OUTCOMES

_CLEARED_AT_ONCE = 50_000
_COUNTED = ("done", "last_line", "implausible", "reasons", *OUTCOMES)


def advance(import_id: UUID, job_id: UUID) -> bool:
    """Do the next step of an import in the caller's transaction; whether its job has more to do.

    An import that is gone, or that another job drives by now, is left alone.
    """
    file = MeasurementImport.objects.select_for_update().filter(pk=import_id, job_id=job_id).first()
    if file is None:
        return False
    if file.state == ImportState.IMPORTING:
        _answer(file)
        return file.state == ImportState.IMPORTING or file.dry_run
    return file.dry_run and clear("observations_rehearsedid", [file.pk]) > 0


def clear(table: str, import_ids: Iterable[UUID]) -> int:
    """Delete some rows of a table of ours that belong to the imports; how many, 0 when none is left."""
    return execute(
        f"""
        DELETE FROM {table} WHERE ctid = ANY(ARRAY(
            SELECT ctid FROM {table} WHERE measurement_import_id = ANY(%s::uuid[]) LIMIT %s
        ))
        """,  # noqa: S608 - names of our own
        [[str(import_id) for import_id in import_ids], _CLEARED_AT_ONCE],
    )


def _answer(file: MeasurementImport) -> None:
    answered = answer_slice(file)
    keep_problems(file, answered)
    _count(file, answered)
    written = list(_COUNTED)
    if not answered or file.done >= file.lines:
        file.state = ImportState.TRIED if file.dry_run else ImportState.IMPORTED
        file.finished_at = Now()
        written += ["state", "finished_at"]
    file.save(update_fields=written)


def _count(file: MeasurementImport, answered: Sequence[Answered]) -> None:
    if not answered:
        return
    file.done += len(answered)
    file.last_line = answered[-1].line.number
    for outcome, number in Counter(each.answer.outcome.value for each in answered).items():
        setattr(file, outcome, getattr(file, outcome) + number)
    file.implausible += sum(each.answer.is_implausible for each in answered)
    file.reasons = reasons_of(file, answered)
