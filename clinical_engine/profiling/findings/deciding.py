"""What people do with a finding: who looks after it until when, and that it is settled."""

from collections.abc import Collection, Iterator
from datetime import date, timedelta

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import F, QuerySet
from django.utils import timezone

from clinical_engine.audit import services as audit
from clinical_engine.common.errors import NotAllowedNowError, Refusal, RefusedError
from clinical_engine.profiling.findings.former import with_what_stands
from clinical_engine.profiling.models import Finding

LATEST_DUE = timedelta(days=90)
"""Whoever wants longer says so again then: a finding must not sleep for years."""


_CLOSED = "Nothing was changed: the finding is closed."


def owners() -> "QuerySet[User]":
    """The accounts that may look after a finding: of staff, and able to see the statements."""
    able: QuerySet[User] = User.objects.with_perm("profiling.view_capturedstatement")
    return able.filter(is_staff=True).order_by("username")


class ChangedMeanwhileError(Exception):
    """Somebody saved the finding after the page was loaded that this was sent from. `standing` is it as it is now."""

    def __init__(self, standing: Finding) -> None:
        super().__init__("Somebody changed it meanwhile: nothing was saved.")
        self.standing = standing


@transaction.atomic
def assign(  # noqa: PLR0913 - each is named by who calls
    finding: Finding, *, actor: User, owner: User | None, note: str, due_on: date, version: int
) -> None:
    """Say who looks after an open finding and by when; audited, without the note. What stood before is kept with the finding.

    `version` is the one that the actor saw. Raises RefusedError for an owner who cannot see it or a due date that is past or too
    far away, NotAllowedNowError when it is closed, ChangedMeanwhileError when it has another version.
    """
    if refusals := [*_refusals(owner, due_on)]:
        raise RefusedError(*refusals)
    standing = Finding.objects.select_for_update().filter(pk=finding.pk, closed_at=None).first()
    if standing is None:
        raise NotAllowedNowError(_CLOSED)
    changed = Finding.objects.filter(pk=standing.pk, version=version).update(
        owner=owner,
        note=note,
        due_on=due_on,
        version=F("version") + 1,
        put_off=F("put_off") + int(due_on > standing.due_on),
        former=with_what_stands(standing, timezone.now(), actor.get_username()),
    )
    if changed != 1:
        raise ChangedMeanwhileError(standing)
    details = {"owner": None if owner is None else owner.get_username(), "due_on": due_on.isoformat()}
    target = audit.Target("finding", finding.pk, details=details)
    audit.record(actor=actor, action="finding.assign", targets=[target])


@transaction.atomic
def close(finding: Finding, *, actor: User, reason: str) -> None:
    """Settle an open finding; audited. Raises NotAllowedNowError when it is closed already."""
    if close_several([finding.pk], actor=actor, reason=reason) != 1:
        raise NotAllowedNowError(_CLOSED)


@transaction.atomic
def close_several(ids: Collection[int], *, actor: User, reason: str) -> int:
    """Settle those of the findings that are open, and keep why with each; audited together. How many were."""
    # In one order, so that two who close the same do not wait for each other.
    found = Finding.objects.select_for_update().filter(pk__in=ids, closed_at=None).order_by("pk")
    targets = [audit.Target("finding", each.pk, details={"kind": each.kind}) for each in found]
    if targets:
        chosen = Finding.objects.filter(pk__in=[each.id for each in targets])
        chosen.update(closed_at=timezone.now(), closed_by=actor, closed_because=reason)
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
