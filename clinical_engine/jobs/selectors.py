"""Reading the ledger, within the organisations of who asks."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.utils import timezone

from clinical_engine.jobs.models import Attempt, Circuit, Job, Rerun
from clinical_engine.jobs.payloads.waiting import readable
from clinical_engine.jobs.states import CLAIMABLE, RerunState

LATE_AFTER = timedelta(minutes=1)


def job_for(organisation_ids: Iterable[UUID], job_id: UUID) -> Job | None:
    """The job, if it belongs to one of the organisations."""
    return Job.objects.filter(pk=job_id, organisation_id__in=organisation_ids).first()


def last_job_of_patient(patient_id: UUID) -> Job | None:
    """The youngest job that concerns the patient."""
    return Job.objects.filter(patient_id=patient_id).order_by("-id").first()


def last_attempt(job: Job) -> Attempt | None:
    """The youngest try of a job."""
    return job.attempts.order_by("-number").first()


def jobs() -> QuerySet[Job]:
    """All jobs, for staff."""
    return Job.objects.all()


def late(rows: QuerySet[Job]) -> QuerySet[Job]:
    """Those of the jobs that have been due for more than a minute, that no worker has taken although one could.

    What waits for another release, or for a circuit, is not the workers' fault, and has an alarm of its own.
    """
    due = rows.filter(state__in=CLAIMABLE, next_run_at__lt=timezone.now() - LATE_AFTER)
    resting = Circuit.objects.filter(open_until__gt=timezone.now()).values("kind")
    return readable(due).exclude(kind__in=resting)


def circuits_open() -> QuerySet[Circuit]:
    """The circuits that keep work of their kind from starting, the longest open first."""
    return Circuit.objects.filter(open_until__isnull=False).order_by("opened_at")


def paused_reruns(limit: int = 10) -> QuerySet[Rerun]:
    """The bulk reruns that a person must look at, the youngest first, with who started them."""
    return Rerun.objects.filter(state=RerunState.PAUSED).select_related("actor").order_by("-pk")[:limit]


def counted(rows: QuerySet[Any], limit: int) -> int:
    """How many rows there are; it stops counting at `limit`."""
    return rows.order_by().values("pk")[:limit].count()


def of_another_release(job_ids: Iterable[UUID]) -> set[UUID]:
    """Those of the jobs whose kind this release does not know, or whose format it does not read."""
    asked = Job.objects.filter(pk__in=job_ids)
    return set(asked.exclude(pk__in=readable(asked)).values_list("pk", flat=True))
