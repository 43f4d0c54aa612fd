"""What is done with rosters: each call one transaction."""

from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime
from uuid import UUID

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.db.models.functions import Now
from django.utils import timezone

from clinical_engine.audit import services as audit
from clinical_engine.common.database import fetch_all
from clinical_engine.common.errors import NotAllowedNowError, Refusal, RefusedError
from clinical_engine.common.identifiers import new_id
from clinical_engine.common.lines import copy_rows
from clinical_engine.jobs import ledger
from patients.models import Roster, RosterState
from patients.models.rosters import MOVING
from patients.rosters.errors import RosterConflictError
from patients.rosters.reading import RosterReader
from patients.services import Origin
from patients.validation import refusals_of_time
from submitters.models import Submitter

KIND = "roster"
# Any number that no other advisory lock of this database uses; the second key is the submitter's.
_LOCK = 7_301_004
_COPY = "COPY patients_rosterline (roster_id, line, external_id, active_since) FROM STDIN"


OpenLines = Callable[[UUID, datetime], RosterReader]
"""Begins to read the lines of the roster of that id, as of that time."""


@transaction.atomic
def receive(
    *, submitter: Submitter, as_of: datetime, lines: OpenLines, origin: Origin, dry_run: bool = False
) -> Roster:
    """Store a roster and the job that compares it, and applies it unless it is a dry run.

    One transaction: an upload that breaks off leaves nothing behind. Whether it can be taken at all is found out before the first
    line is read. Raises RefusedError for an impossible time, RosterConflictError when a roster as of later was applied or waits
    for a person, or another one is being received or applied; and whatever reading raises.
    """
    if refusals := refusals_of_time("as_of", as_of, timezone.now()):
        raise RefusedError(*refusals)
    if not dry_run:
        _take_turn(submitter)
    _refuse_what_stands_in_the_way(submitter, as_of, dry_run=dry_run)
    roster_id = new_id()
    reader = lines(roster_id, as_of)
    copy_rows(_COPY, reader)
    # Reading may have taken an hour, in which a person may have confirmed the roster that waited.
    held = Roster.objects.filter(submitter=submitter, dry_run=False, state=RosterState.HELD)
    held.select_for_update().first()
    _refuse_what_stands_in_the_way(submitter, as_of, dry_run=dry_run)
    job = ledger.NewJob(
        {"roster_id": str(roster_id)}, organisation_id=submitter.organisation_id, submitter_id=submitter.pk
    )
    if not dry_run:
        held.update(state=RosterState.SUPERSEDED, finished_at=Now())
    roster = Roster.objects.create(
        id=roster_id,
        organisation_id=submitter.organisation_id,
        submitter=submitter,
        as_of=as_of,
        dry_run=dry_run,
        state=RosterState.COMPARING,
        source=origin.source,
        api_client_id=origin.api_client_id,
        actor_id=origin.actor_id,
        job_id=job.id,
        lines=reader.lines,
        unreadable=reader.unreadable,
        unnamed=reader.unnamed,
        problems=[asdict(problem) for problem in reader.problems],
    )
    ledger.enqueue(KIND, [job])
    return roster


@transaction.atomic
def confirm(*, actor: AbstractBaseUser, roster_id: UUID, reason: str, extra: int) -> None:
    """Have a held roster applied although the guard objects. It is compared once more: what is stated since then counts.

    `extra` is how many patients would be unlinked as the person saw it. Raises RefusedError without a reason, NotAllowedNowError
    unless it is held, or when it is another number by now.
    """
    roster = _in_state(roster_id, (RosterState.HELD,), reason)
    if roster.extra != extra:
        raise NotAllowedNowError(
            f"By now another number of patients would become inactive: {roster.extra:,}. Nothing was changed."
        )
    job = ledger.NewJob(
        {"roster_id": str(roster.pk)},
        organisation_id=roster.organisation_id,
        submitter_id=roster.submitter_id,
    )
    roster.state, roster.job_id = RosterState.COMPARING, job.id
    roster.confirmed_by_id, roster.confirmed_extra = actor.pk, roster.extra
    roster.confirmed_at = timezone.now()
    roster.save(update_fields=["state", "job_id", "confirmed_by", "confirmed_at", "confirmed_extra"])
    ledger.enqueue(KIND, [job])
    _record(actor, "roster.confirm", roster, reason, extra=roster.extra, linked=roster.linked_before)


@transaction.atomic
def cancel(*, actor: AbstractBaseUser, roster_id: UUID, reason: str) -> None:
    """Go no further with a roster; what it has linked and unlinked so far stands.

    Raises RefusedError without a reason, NotAllowedNowError when it is over.
    """
    roster = _in_state(roster_id, (*MOVING, RosterState.HELD), reason)
    roster.state, roster.finished_at = RosterState.CANCELLED, timezone.now()
    roster.save(update_fields=["state", "finished_at"])
    _record(actor, "roster.cancel", roster, reason, done=roster.done, to_do=roster.to_do)


def _take_turn(submitter: Submitter) -> None:
    [(is_ours,)] = fetch_all("SELECT pg_try_advisory_xact_lock(%s, hashtext(%s))", [_LOCK, str(submitter.pk)])
    if not is_ours:
        raise RosterConflictError(
            "roster_under_way",
            "Another roster of this submitter is being received. Send this one when it is done.",
        )


def _refuse_what_stands_in_the_way(submitter: Submitter, as_of: datetime, *, dry_run: bool) -> None:
    rosters = Roster.objects.filter(submitter=submitter, dry_run=False)
    if rosters.filter(state=RosterState.APPLIED, as_of__gt=as_of).exists():
        raise RosterConflictError(
            "older_roster", "A roster as of a later time was applied to this submitter."
        )
    if dry_run:
        return
    if rosters.filter(state__in=MOVING).exists():
        raise RosterConflictError(
            "roster_under_way",
            "Another roster of this submitter is being compared or applied. Send this one when it is done.",
        )
    if rosters.filter(state=RosterState.HELD, as_of__gt=as_of).exists():
        raise RosterConflictError(
            "older_roster", "A roster as of a later time waits for a person to confirm or cancel it."
        )


def _in_state(roster_id: UUID, states: tuple[RosterState, ...], reason: str) -> Roster:
    if not reason.strip():
        raise RefusedError(Refusal("reason", "missing", "A reason is required."))
    roster = Roster.objects.select_for_update().get(pk=roster_id)
    if roster.state not in states:
        raise NotAllowedNowError(f"The roster is {roster.get_state_display().lower()}; nothing was changed.")
    return roster


def _record(actor: AbstractBaseUser, action: str, roster: Roster, reason: str, **details: object) -> None:
    target = audit.Target("roster", roster.pk, roster.organisation_id, details)
    audit.record(actor=actor, action=action, targets=[target], reason=reason)
