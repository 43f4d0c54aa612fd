"""The job kind that works backfills off."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

import msgspec

from clinical_engine.jobs.registry import RERUNS_QUEUE, ClaimedJob, Handled, JobKind, Report
from observations.backfill import pace
from observations.backfill.advancing import advance
from observations.backfill.services import KIND, hand_over
from observations.models import Backfill

# Lost workers are counted over a job's life: those of hours must not end a backfill of millions of patients.
STEPS_OF_A_JOB = 300


class BackfillPayload(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Version 1: the backfill whose patients are to be brought current."""

    backfill_id: UUID


def drive(batch: Sequence[ClaimedJob]) -> Handled:
    """Do the next step of the backfill."""
    [job] = batch
    cursor = job.cursor or {}
    step = advance(job.payload.backfill_id, job.id, cursor.get("size", pace.FIRST))
    if step is None:
        return Handled()
    steps = cursor.get("steps", 0) + 1
    if steps >= STEPS_OF_A_JOB:
        hand_over(job.payload.backfill_id)
        return Handled()
    return Handled(continued={job.id: {"size": step.size, "steps": steps}}, wait=step.wait)


def report_on(payload: BackfillPayload) -> Report | None:
    """How far a backfill is, and its counts; one query."""
    backfill = Backfill.objects.filter(pk=payload.backfill_id).first()
    if backfill is None:
        return None
    counts = {
        "results": backfill.results,
        "results_changed": backfill.results_changed,
        "patients_changed": backfill.patients_changed,
        "patients_failed": backfill.patients_failed,
    }
    result = {"backfill": str(backfill.pk), "state": backfill.state, **counts}
    return Report(backfill.patients_done, backfill.patients, result)


# One at a time, since a slice is a transaction of its own and has a wait of its own; in the queue of bulk work. Slices are not
# flushed one by one: one that a crash takes is done again, and then finds what is to be done as it was.
BACKFILL = JobKind(
    name=KIND,
    handler=drive,
    schema=BackfillPayload,
    queue=RERUNS_QUEUE,
    batch_size=1,
    turn=timedelta(seconds=1),
    report=report_on,
)
