"""What the audit trail keeps of a bulk rerun that is under way."""

from django.contrib.auth.models import AbstractBaseUser

from clinical_engine.audit import services as audit
from clinical_engine.jobs.models import Rerun


def record(rerun: Rerun, action: str, reason: str, actor: AbstractBaseUser | None = None) -> None:
    """Write, in the caller's transaction, what was done to the rerun and how far it had come; by nobody, it was the machine."""
    counts = {
        "succeeded": rerun.succeeded,
        "failed": rerun.failed,
        "skipped": rerun.skipped,
        "total": rerun.total,
    }
    target = audit.Target("rerun", rerun.pk, details=counts)
    audit.record(actor=actor, action=action, targets=[target], reason=reason)
