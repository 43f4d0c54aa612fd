"""Reading rosters, within the organisations of who asks."""

from collections.abc import Collection, Mapping
from uuid import UUID

from django.db.models import QuerySet

from clinical_engine.jobs.registry import Report
from patients.models import Roster, RosterChange, RosterState, StatementKind
from patients.rosters.comparing import COMPARED_COUNTS
from submitters.models import Submitter

COUNTS = ("lines", "unreadable", *COMPARED_COUNTS)


def roster_for(organisation_ids: Collection[UUID], roster_id: UUID) -> Roster | None:
    """The roster, if it belongs to one of the organisations."""
    return Roster.objects.filter(pk=roster_id, organisation_id__in=organisation_ids).first()


def last_rosters(submitter: Submitter) -> QuerySet[Roster]:
    """The submitter's rosters, the youngest first."""
    return submitter.rosters.order_by("-pk")


def drifting() -> QuerySet[Roster]:
    """The last rosters of submitters of whose patients some are active in vitals and not linked here."""
    return Roster.objects.filter(is_last=True, drift__gt=0)


def held() -> QuerySet[Roster]:
    """The rosters that wait for a person, the youngest first."""
    return Roster.objects.filter(state=RosterState.HELD).order_by("-pk")


def differences(roster: Roster, kind: StatementKind) -> QuerySet[RosterChange]:
    """Whom the roster links (`ACTIVATION`: missing here) or unlinks (`DEACTIVATION`: extra here), with their patients."""
    return roster.changes.filter(kind=kind).select_related("patient").order_by("position")


def counts_of(roster: Roster) -> Mapping[str, int]:
    """What a roster says and how it differs: of lines and of patients, see `Roster`."""
    return {name: getattr(roster, name) for name in COUNTS}


def report_on(roster_id: UUID) -> Report | None:
    """What a roster's job tells of itself."""
    roster = Roster.objects.filter(pk=roster_id).first()
    if roster is None:
        return None
    known = roster.compared_at is not None
    result = {"roster": str(roster.pk), "state": roster.state, **(counts_of(roster) if known else {})}
    return Report(roster.done, roster.to_do if known else None, result)
