"""What people do to jobs: each one transaction with its audit rows."""

from collections.abc import Sequence
from uuid import UUID

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction

from clinical_engine.audit import services as audit
from clinical_engine.jobs import circuits, ledger, rings
from clinical_engine.jobs.states import CLAIMABLE, FAILED


@transaction.atomic
def run_again(*, actor: AbstractBaseUser, job_ids: Sequence[UUID], reason: str) -> int:
    """Make failed, cancelled or waiting jobs available now; the number that changed.

    A job that someone else has already set going, or that succeeded, stays as it is. It does not use up attempts.
    """
    return _recorded("job.run_again", ledger.run_again(job_ids, actor.pk), actor, reason)


@transaction.atomic
def cancel(*, actor: AbstractBaseUser, job_ids: Sequence[UUID], reason: str) -> int:
    """Cancel those of the jobs that wait; the number that changed. One that runs, or has ended, stays as it is."""
    return _recorded("job.cancel", ledger.stop(job_ids, CLAIMABLE, actor.pk), actor, reason)


@transaction.atomic
def discard(*, actor: AbstractBaseUser, job_ids: Sequence[UUID], reason: str) -> int:
    """Cancel those of the jobs that failed: nobody is to look at them again; the number that changed."""
    return _recorded("job.discard", ledger.stop(job_ids, FAILED, actor.pk), actor, reason)


@transaction.atomic
def close_circuit(*, actor: AbstractBaseUser, kind: str, reason: str) -> bool:
    """Let work of the kind start at once instead of when its circuit's time is over. False when nothing was to be closed."""
    closed = circuits.close(kind)
    if closed:
        audit.record(
            actor=actor, action="circuit.close", targets=[audit.Target("circuit", kind)], reason=reason
        )
        for queue in settings.JOB_QUEUES:
            rings.ring_on_commit(kind, queue)
    return closed


def _recorded(
    action: str, changed: Sequence[tuple[UUID, UUID | None]], actor: AbstractBaseUser, reason: str
) -> int:
    targets = [audit.Target("job", job_id, organisation_id) for job_id, organisation_id in changed]
    audit.record(actor=actor, action=action, targets=targets, reason=reason)
    return len(changed)
