"""What is done with backfills: each call one transaction."""

from collections.abc import Collection, Iterator
from datetime import datetime
from uuid import UUID

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.utils import timezone

from clinical_engine.audit import services as audit
from clinical_engine.common.errors import NotAllowedNowError, Refusal, RefusedError
from clinical_engine.common.identifiers import new_id
from clinical_engine.jobs import ledger
from clinical_engine.jobs.states import CLAIMABLE, FAILED
from observations.backfill.numbers import about_patients
from observations.models import Backfill, BackfillState, ObservationScript, Publication, ScriptVersion
from observations.scripts.content import check, content_of
from observations.scripts.history import last_publication
from patients.validation import refusals_of_time
from submitters.models import Organisation

KIND = "backfill"
HIGHEST_RATE = 10_000
UNFINISHED = (BackfillState.RUNNING, BackfillState.PAUSED)


@transaction.atomic
def start_backfill(  # noqa: PLR0913 - keyword-only, and each is what a form asks
    *,
    actor: AbstractBaseUser | None,
    script: ObservationScript,
    organisation: Organisation | None,
    since: datetime,
    until: datetime | None,
    reason: str,
    rate: int | None = None,
    dry_run: bool = False,
    candidate: ScriptVersion | None = None,
) -> Backfill:
    """Bring every result of a script as of `since` to `until` (both included) current, with the results that are made from them.

    A dry run only tells what would change. With a candidate, a version of the script be it a draft or not, it tells what would
    change if that version were published for all and in force from `since` on: it is always a dry run. `rate` is patients a second
    at most. Raises RefusedError, by field.
    """
    # What is published meanwhile is not what it does: it waits until this is committed, or is seen below.
    ObservationScript.objects.select_for_update(no_key=True).get(pk=script.pk)
    if candidate is not None:
        # A draft that is being saved is compared as it is saved.
        candidate = ScriptVersion.objects.select_for_update(no_key=True, of=("self",)).get(pk=candidate.pk)
    backfill = Backfill(
        id=new_id(),
        script=script,
        organisation_id=organisation.pk if organisation else script.organisation_id,
        candidate=candidate,
        dry_run=dry_run or candidate is not None,
        since=since,
        until=until,
        reason=reason,
        actor_id=actor.pk if actor else None,
        rate=rate,
        started_at=timezone.now(),
    )
    _check(backfill)
    job = _job_of(backfill)
    backfill.job_id, backfill.patients = job.id, about_patients(backfill.organisation_id)
    backfill.last_publication = last_publication(script)
    backfill.save(force_insert=True)
    ledger.enqueue(KIND, [job])
    _record(actor, "backfill.start", backfill, reason, **_details(backfill))
    return backfill


@transaction.atomic
def pause(*, actor: AbstractBaseUser, backfill_id: UUID, reason: str) -> None:
    """Let a backfill do no more steps for now. Raises NotAllowedNowError unless it runs."""
    backfill = _in_state(backfill_id, [BackfillState.RUNNING], reason)
    backfill.state = BackfillState.PAUSED
    backfill.save(update_fields=["state"])
    _end_job(actor, backfill)
    _record(actor, "backfill.pause", backfill, reason, patients_done=backfill.patients_done)


@transaction.atomic
def resume(*, actor: AbstractBaseUser, backfill_id: UUID, reason: str) -> None:
    """Go on with a paused backfill where it stopped. Raises NotAllowedNowError unless it is paused."""
    backfill = _in_state(backfill_id, [BackfillState.PAUSED], reason)
    backfill.state = BackfillState.RUNNING
    # A job of its own: the last one was ended, or ends by itself.
    _drive_anew(backfill)
    _record(actor, "backfill.resume", backfill, reason)


@transaction.atomic
def cancel(*, actor: AbstractBaseUser, backfill_id: UUID, reason: str) -> None:
    """End a backfill for good; what it has written so far stands. Raises NotAllowedNowError when it is over."""
    backfill = _in_state(backfill_id, UNFINISHED, reason)
    backfill.state, backfill.finished_at = BackfillState.CANCELLED, timezone.now()
    backfill.save(update_fields=["state", "finished_at"])
    _end_job(actor, backfill)
    _record(actor, "backfill.cancel", backfill, reason, patients_done=backfill.patients_done)


@transaction.atomic
def hand_over(backfill_id: UUID) -> None:
    """Let another job go on with a backfill; the one that drives it now is left with nothing to do."""
    _drive_anew(Backfill.objects.select_for_update().get(pk=backfill_id))


def _end_job(actor: AbstractBaseUser, backfill: Backfill) -> None:
    """Let its job wait no longer, nor for a person. One that was claimed waits for the backfill's row, and ends by itself."""
    ledger.stop([backfill.job_id], (*CLAIMABLE, *FAILED), actor.pk)


def _drive_anew(backfill: Backfill) -> None:
    job = _job_of(backfill)
    backfill.job_id = job.id
    backfill.save(update_fields=["state", "job_id"])
    ledger.enqueue(KIND, [job])


def _check(backfill: Backfill) -> None:
    refusals = [
        *_problems_of_script(backfill),
        *_problems_of_bounds(backfill),
        *_problems_of_reason(backfill.reason),
    ]
    if refusals:
        raise RefusedError(*refusals)
    if backfill.candidate is not None:
        # The catalogue, or a script that it reads, may have changed since it was written.
        check(backfill.script.name, content_of(backfill.candidate))


def _problems_of_script(backfill: Backfill) -> Iterator[Refusal]:
    script, candidate = backfill.script, backfill.candidate
    if script.organisation_id not in {None, backfill.organisation_id}:
        yield Refusal("organisation", "not_theirs", "The script is another organisation's.")
    if candidate is None:
        if not Publication.objects.filter(script=script).exists():
            yield Refusal("script", "never_published", "No version of the script was ever published.")
    elif candidate.script_id != script.pk:
        yield Refusal("candidate", "not_its", "That is a version of another script.")


def _problems_of_bounds(backfill: Backfill) -> Iterator[Refusal]:
    now = timezone.now()
    yield from refusals_of_time("since", backfill.since, now)
    if backfill.until is not None:
        yield from refusals_of_time("until", backfill.until, now)
    if backfill.until is not None and backfill.until < backfill.since:
        yield Refusal("until", "out_of_range", "The period ends before it begins.")
    if backfill.rate is not None and not 1 <= backfill.rate <= HIGHEST_RATE:
        yield Refusal("rate", "out_of_range", f"A whole number from 1 to {HIGHEST_RATE:,}.")


def _problems_of_reason(reason: str) -> Iterator[Refusal]:
    if not reason.strip():
        yield Refusal("reason", "required", "A reason is required.")


def _job_of(backfill: Backfill) -> ledger.NewJob:
    return ledger.NewJob({"backfill_id": str(backfill.pk)}, organisation_id=backfill.organisation_id)


def _in_state(backfill_id: UUID, states: Collection[BackfillState], reason: str) -> Backfill:
    """The backfill, locked: between two steps, or after the one that is being done."""
    if refusals := list(_problems_of_reason(reason)):
        raise RefusedError(*refusals)
    backfill = Backfill.objects.select_for_update().get(pk=backfill_id)
    if backfill.state not in states:
        raise NotAllowedNowError(
            f"The backfill is {backfill.get_state_display().lower()}: nothing was changed."
        )
    return backfill


def _details(backfill: Backfill) -> dict[str, object]:
    return {
        "script": str(backfill.script_id),
        "since": backfill.since.isoformat(),
        "until": None if backfill.until is None else backfill.until.isoformat(),
        "rate": backfill.rate,
        "dry_run": backfill.dry_run,
        "candidate": None if backfill.candidate is None else backfill.candidate.number,
    }


def _record(
    actor: AbstractBaseUser | None, action: str, backfill: Backfill, reason: str, **details: object
) -> None:
    target = audit.Target("backfill", backfill.pk, backfill.organisation_id, details)
    audit.record(actor=actor, action=action, targets=[target], reason=reason)
