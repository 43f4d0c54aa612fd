"""The job kind that drives bulk reruns."""

from collections.abc import Sequence
from datetime import timedelta

from clinical_engine.jobs.registry import RERUNS_QUEUE, ClaimedJob, Handled, JobKind
from clinical_engine.jobs.reruns.driving import KIND, RerunPayload
from clinical_engine.jobs.reruns.slices import advance

# Long enough that counting costs nothing beside the jobs, short enough for a brake and for people who watch.
_BETWEEN_SLICES = timedelta(seconds=1)


def drive(batch: Sequence[ClaimedJob]) -> Handled:
    """Do one slice of each rerun, in a fixed order: their rows stay locked until the commit."""
    continued = {}
    for job in sorted(batch, key=lambda job: job.payload.rerun_id):
        slices = (job.cursor or {}).get("slices", 0)
        if advance(job.payload.rerun_id, job.id, slices):
            continued[job.id] = {"slices": slices + 1}
    return Handled(continued=continued, wait=_BETWEEN_SLICES)


# A batch that is full makes its worker look for more at once; few reruns are ever under way together.
RERUN = JobKind(name=KIND, handler=drive, schema=RerunPayload, queue=RERUNS_QUEUE, batch_size=10)
