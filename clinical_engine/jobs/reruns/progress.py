"""How far bulk reruns have come, for pages, for the shell and for the alarm."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils import timezone

from clinical_engine.common.database import fetch_all
from clinical_engine.jobs.models import Job, Rerun, RerunItem
from clinical_engine.jobs.reruns.judging import MOVING
from clinical_engine.jobs.states import JobState, RerunState

# A slice is due every second or so; a sweep later at the latest where its ring was lost.
STALLED_AFTER = timedelta(minutes=1)
_CAUSES_SHOWN = 20
_PANEL_SHOWN = 20


@dataclass(frozen=True, slots=True)
class FailedCause:
    """What a rerun's jobs failed of again: `error` is what the last one of them said."""

    fingerprint: str
    error: str
    jobs: int


@dataclass(frozen=True, slots=True)
class Progress:
    """A rerun at one moment."""

    rerun: Rerun
    now: datetime

    @property
    def settled(self) -> int:
        """Jobs that have ended or were left alone."""
        return self.rerun.ended + self.rerun.skipped

    @property
    def waiting(self) -> int:
        """Jobs that have not been set going; of a cancelled rerun, never will be."""
        return self.rerun.total - self.rerun.started

    @property
    def per_cent(self) -> int:
        """Of all its jobs, those that have ended or were left alone; 100 only when it is all of them."""
        return self.settled * 100 // self.rerun.total

    @property
    def is_moving(self) -> bool:
        """Whether its numbers still change by themselves."""
        return self.rerun.state in MOVING or self.rerun.in_flight > 0

    @property
    def is_stalled(self) -> bool:
        """Whether it should have made a step long ago."""
        last = self.rerun.last_slice_at or self.rerun.resumed_at
        return self.is_moving and self.now - last > STALLED_AFTER

    @property
    def rate(self) -> float | None:
        """Jobs that ended each second since the start or the last resume; None before any has."""
        rerun = self.rerun
        seconds = (rerun.last_slice_at - rerun.resumed_at).total_seconds() if rerun.last_slice_at else 0
        return rerun.ended_since_resume / seconds if seconds >= 1 and rerun.ended_since_resume else None

    @property
    def left(self) -> timedelta | None:
        """About how long it still takes; None where it does not go on."""
        if self.rerun.state not in MOVING:
            return None
        return timedelta(seconds=(self.rerun.total - self.settled) / (self.rate or self.rerun.rate))


def progress_of(rerun_id: UUID) -> Progress | None:
    """How far a rerun has come, if there is one of that id. One query."""
    rerun = Rerun.objects.select_related("actor").filter(pk=rerun_id).first()
    return None if rerun is None else Progress(rerun, timezone.now())


def failed_causes(rerun_id: UUID) -> Sequence[FailedCause]:
    """What failed again, the commonest causes first. One query: the items' index counts, and one attempt tells of each."""
    rows = fetch_all(
        """
        SELECT cause.fingerprint, cause.jobs,
               concat_ws(' ', attempt.error_class, NULLIF(attempt.sqlstate, ''), NULLIF(attempt.constraint_name, ''),
                         NULLIF(attempt.message, ''))
        FROM (
            SELECT fingerprint, count(*) AS jobs, max(id) AS last_item FROM jobs_rerunitem
            WHERE rerun_id = %s AND outcome = 'failed'
            GROUP BY fingerprint ORDER BY jobs DESC, fingerprint LIMIT %s
        ) cause JOIN jobs_rerunitem item ON item.id = cause.last_item
        LEFT JOIN LATERAL (
            SELECT * FROM jobs_attempt WHERE job_id = item.job_id AND fingerprint = cause.fingerprint
            ORDER BY number DESC LIMIT 1
        ) attempt ON true
        ORDER BY cause.jobs DESC, cause.fingerprint
        """,
        [rerun_id, _CAUSES_SHOWN],
    )
    return [FailedCause(fingerprint, error, jobs) for fingerprint, jobs, error in rows]


def driver_state(rerun: Rerun) -> JobState | None:
    """Where the job stands that drives a rerun; None when it is gone."""
    state = Job.objects.filter(pk=rerun.driver_id).values_list("state", flat=True).first()
    return None if state is None else JobState(state)


def resting_kinds(rerun: Rerun) -> Sequence[str]:
    """The kinds of the jobs under way that wait because their kind's circuit is open. One query."""
    rows = fetch_all(
        """
        SELECT circuit.kind FROM jobs_circuit circuit
        WHERE circuit.open_until IS NOT NULL AND EXISTS (
            SELECT FROM jobs_rerunitem item JOIN jobs_job job ON job.id = item.job_id
            WHERE item.rerun_id = %s AND item.outcome = 'running' AND job.kind = circuit.kind
        ) ORDER BY circuit.kind
        """,
        [rerun.pk],
    )
    return [kind for (kind,) in rows]


def reruns_of(job: Job) -> Sequence[RerunItem]:
    """The last reruns that a job was chosen for, the youngest first."""
    items = RerunItem.objects.filter(job_id=job.pk).select_related("rerun__actor")
    return list(items.order_by("-id")[:_PANEL_SHOWN])


def waiting_for_a_person() -> QuerySet[Rerun]:
    """The reruns that go on only when somebody acts: paused, or without a step for a minute."""
    before = timezone.now() - STALLED_AFTER
    stalled = Q(last_slice_at__lt=before) | Q(last_slice_at=None, resumed_at__lt=before)
    # Told by what is not over, as their index is: it holds the few that are not among all that ever were.
    unfinished = Rerun.objects.exclude(state__in=[RerunState.FINISHED, RerunState.CANCELLED])
    return unfinished.filter(Q(state=RerunState.PAUSED) | stalled)
