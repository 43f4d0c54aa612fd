"""What people do with a finding: who looks after it until when, and that it is settled."""

from collections.abc import Collection, Iterator, Mapping
from datetime import date, timedelta

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from clinical_engine.audit import services as audit
from clinical_engine.common.errors import NotAllowedNowError, Refusal, RefusedError
from clinical_engine.profiling.models import Finding

LATEST_DUE = timedelta(days=90)
"""Whoever wants longer says so again then: a finding must not sleep for years."""


_CLOSED = "Nothing was changed: the finding is closed."


def owners() -> "QuerySet[User]":
    """The accounts that may look after a finding: of staff, and able to see the statements."""
    able: QuerySet[User] = User.objects.with_perm("profiling.view_capturedstatement")
    return able.filter(is_staff=True).order_by("username")


@transaction.atomic
def assign(finding: Finding, *, actor: User, owner: User | None, note: str, due_on: date) -> None:
    """Say who looks after an open finding and by when; audited, without the note.

    Raises RefusedError for an owner who cannot see it or a due date that is past or too far away, NotAllowedNowError when it
    is closed.
    """
    if refusals := [*_refusals(owner, due_on)]:
        raise RefusedError(*refusals)
    _update_open(finding, owner=owner, note=note, due_on=due_on)
    details = {"owner": None if owner is None else owner.get_username(), "due_on": due_on.isoformat()}
    _record(finding, actor, "finding.assign", details)


@transaction.atomic
def close(finding: Finding, *, actor: User, reason: str) -> None:
    """Settle an open finding; audited. Raises NotAllowedNowError when it is closed already."""
    if close_several([finding.pk], actor=actor, reason=reason) != 1:
        raise NotAllowedNowError(_CLOSED)


@transaction.atomic
def close_several(ids: Collection[int], *, actor: User, reason: str) -> int:
    """Settle those of the findings that are open; audited together. How many were."""
    # In one order, so that two who close the same do not wait for each other.
    found = Finding.objects.select_for_update().filter(pk__in=ids, closed_at=None).order_by("pk")
    targets = [audit.Target("finding", each.pk, details={"kind": each.kind}) for each in found]
    if targets:
        chosen = Finding.objects.filter(pk__in=[each.id for each in targets])
        chosen.update(closed_at=timezone.now(), closed_by=actor)
        audit.record(actor=actor, action="finding.close", targets=targets, reason=reason)
    return len(targets)


def _refusals(owner: User | None, due_on: date) -> Iterator[Refusal]:
    today = timezone.now().date()
    if owner is not None and not owners().filter(pk=owner.pk).exists():
        yield Refusal("owner", "cannot_see_it", "This account cannot see captured statements.")
    if due_on < today:
        yield Refusal("due_on", "past", "The due date is past.")
    elif due_on > today + LATEST_DUE:
        yield Refusal("due_on", "too_late", f"The due date is more than {LATEST_DUE.days} days away.")


def _update_open(finding: Finding, **fields: object) -> None:
    if Finding.objects.filter(pk=finding.pk, closed_at=None).update(**fields) != 1:
        raise NotAllowedNowError(_CLOSED)


def _record(
    finding: Finding, actor: User, action: str, details: Mapping[str, object], reason: str = ""
) -> None:
    target = audit.Target("finding", finding.pk, details=details)
    audit.record(actor=actor, action=action, targets=[target], reason=reason)
