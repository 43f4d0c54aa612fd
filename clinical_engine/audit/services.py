"""Writing the audit trail."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from uuid import UUID

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction

from clinical_engine.audit.models import AuditEntry


@dataclass(frozen=True, slots=True)
class Target:
    """The thing an action was done to; `details` hold ids and settings, never patient values."""

    type: str
    id: UUID | int | str
    organisation_id: UUID | None = None
    details: Mapping[str, object] = field(default_factory=dict)


def record(
    *, actor: AbstractBaseUser | None, action: str, targets: Iterable[Target], reason: str = ""
) -> None:
    """Write one entry per target in the caller's transaction; without one it refuses.

    `actor` None is the machine. Raises TransactionManagementError outside `atomic()`: an action and its entry are one.
    """
    if not transaction.get_connection().in_atomic_block:
        raise transaction.TransactionManagementError(
            "An audit entry is written in the transaction of its action."
        )
    AuditEntry.objects.bulk_create(
        (
            AuditEntry(
                actor_id=actor.pk if actor else None,
                organisation_id=target.organisation_id,
                action=action,
                target_type=target.type,
                target_id=str(target.id),
                reason=reason,
                details=dict(target.details),
            )
            for target in targets
        ),
        batch_size=1000,
    )
