"""What people do to jobs: each one transaction with its audit rows."""

from collections.abc import Sequence
from uuid import UUID

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction

from clinical_engine.audit import services as audit
from clinical_engine.jobs import ledger


@transaction.atomic
def run_again(*, actor: AbstractBaseUser, job_ids: Sequence[UUID], reason: str) -> int:
    """Make failed, cancelled or waiting jobs available now; the number that changed.

    A job that someone else has already set going, or that succeeded, stays as it is. It does not use up attempts.
    """
    changed = ledger.run_again(job_ids)
    audit.record(
        actor=actor,
        action="job.run_again",
        targets=[audit.Target("job", job_id, organisation_id) for job_id, organisation_id in changed],
        reason=reason,
    )
    return len(changed)
