"""The job kind that works imports off."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

import msgspec

from clinical_engine.jobs.registry import RERUNS_QUEUE, ClaimedJob, Handled, JobKind, Report
from observations.importing.advancing import advance
from observations.importing.services import KIND
from observations.models import MeasurementImport
from observations.models.imports import OUTCOMES


class ImportPayload(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Version 1: the import whose lines are to be answered."""

    import_id: UUID


def drive(batch: Sequence[ClaimedJob]) -> Handled:
    """Do the next step of each import."""
    continued = {
        job.id: {"steps": (job.cursor or {}).get("steps", 0) + 1}
        for job in batch
        if advance(job.payload.import_id, job.id)
    }
    return Handled(continued=continued)


def report_on(payload: ImportPayload) -> Report | None:
    """How far an import is, and its counts; one query."""
    file = MeasurementImport.objects.filter(pk=payload.import_id).first()
    if file is None:
        return None
    counts = {name: getattr(file, name) for name in OUTCOMES}
    return Report(file.done, file.lines, {"import": str(file.pk), "state": file.state, **counts})


# As rosters are: one at a time, since a slice is a transaction of its own, in the queue of bulk work, and for a second in a row.
IMPORT = JobKind(
    name=KIND,
    handler=drive,
    schema=ImportPayload,
    queue=RERUNS_QUEUE,
    batch_size=1,
    turn=timedelta(seconds=1),
    report=report_on,
)
