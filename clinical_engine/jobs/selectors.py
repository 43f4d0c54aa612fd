"""Reading the ledger, within the organisations of who asks."""

from collections.abc import Iterable
from datetime import timedelta
from uuid import UUID

from django.db.models import Q, QuerySet
from django.db.models.functions import Coalesce
from django.utils import timezone

from clinical_engine.jobs.models import Attempt, Job
from clinical_engine.jobs.registry import kinds
from clinical_engine.jobs.states import CLAIMABLE

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
    """Those of the jobs that have been due for more than a minute and that no worker has taken."""
    return rows.filter(state__in=CLAIMABLE, next_run_at__lt=timezone.now() - LATE_AFTER)


def waiting_for_release(rows: QuerySet[Job]) -> QuerySet[Job]:
    """Those of the waiting jobs that this release cannot read: of a kind that it does not know, or in a newer format."""
    readable = Q(pk__in=[])
    for kind in kinds():
        readable |= Q(kind=kind.name, effective_version__lte=kind.version)
    version = Coalesce("revised_version", "payload_version")
    return rows.filter(state__in=CLAIMABLE).alias(effective_version=version).exclude(readable)
