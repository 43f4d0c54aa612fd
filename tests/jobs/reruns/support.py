"""Bulk reruns for tests: jobs that failed, and slices without waiting for time to pass."""

from collections.abc import Collection, Sequence
from datetime import timedelta
from uuid import UUID

from django.contrib.auth.models import User
from django.db.models import F

from clinical_engine.jobs import worker
from clinical_engine.jobs.failures import PermanentError
from clinical_engine.jobs.models import Job, Rerun, RerunItem
from clinical_engine.jobs.registry import RERUNS_QUEUE, ClaimedJob, Handler, JobKind
from clinical_engine.jobs.reruns import services
from clinical_engine.jobs.reruns.limits import Limits
from clinical_engine.jobs.selection import Selection
from tests import factories
from tests.jobs.support import enqueue, make_due

QUICK = Limits(rate=1000)
BROKEN = PermanentError("Still broken")


def failing(numbers: Collection[int]) -> Handler:
    """A handler that fails jobs with these numbers for good, each alone."""

    def handle(batch: Sequence[ClaimedJob]) -> None:
        if any(job.payload.number in numbers for job in batch):
            raise BROKEN

    return handle


def dead_jobs(kind: JobKind, count: int, *, state: str = "dead") -> list[UUID]:
    """Jobs with the numbers from 0 that failed."""
    job_ids = enqueue(kind, *range(count))
    kill(job_ids, state=state)
    return job_ids


def kill(job_ids: Sequence[UUID], *, state: str = "dead") -> None:
    Job.objects.filter(pk__in=job_ids).update(
        state=state, finished_at=F("created_at"), error="PermanentError", fingerprint="0123456789abcdef"
    )


def begin(kind: JobKind, limits: Limits = QUICK, *, actor: User | None = None, **filters: str) -> Rerun:
    """A rerun of everything of the kind that failed."""
    selection = Selection.parse({"kind": kind.name, **filters})
    return services.start(
        actor=actor or factories.user(), selection=selection, reason="ticket 12", limits=limits
    )


def slice_of(rerun: Rerun, *, seconds: float = 5) -> Rerun:
    """Let time pass and the next slice be done; the rerun after it."""
    Rerun.objects.filter(pk=rerun.pk).update(last_slice_at=F("last_slice_at") - timedelta(seconds=seconds))
    make_due(*Job.objects.filter(kind="rerun", state="available").values_list("pk", flat=True))
    worker.work("rerun", RERUNS_QUEUE)
    return again(rerun)


def run_to_its_end(rerun: Rerun, kind: JobKind) -> Rerun:
    """Slices and the kind's jobs in turn, until nothing more happens by itself."""
    while True:
        before = again(rerun)
        slice_of(rerun)
        while worker.work(kind.name, RERUNS_QUEUE):
            pass
        slice_of(rerun)
        if counts(again(rerun)) == counts(before):
            return again(rerun)


def again(rerun: Rerun) -> Rerun:
    return Rerun.objects.get(pk=rerun.pk)


def counts(rerun: Rerun) -> tuple[object, ...]:
    return (rerun.state, rerun.started, rerun.succeeded, rerun.failed, rerun.skipped)


def drivers(rerun: Rerun) -> list[str]:
    """The states of the jobs that drove or drive it, the oldest first."""
    jobs = Job.objects.filter(kind="rerun", payload__rerun_id=str(rerun.pk))
    return list(jobs.order_by("pk").values_list("state", flat=True))


def outcomes(rerun: Rerun) -> list[str]:
    """What became of its items, in the order in which they are set going."""
    return list(RerunItem.objects.filter(rerun=rerun).order_by("position").values_list("outcome", flat=True))


def items(rerun: Rerun) -> list[UUID]:
    """The chosen jobs, in the order in which they are set going."""
    return list(RerunItem.objects.filter(rerun=rerun).order_by("position").values_list("job_id", flat=True))
