"""What people do to bulk reruns: each one transaction with its audit entry."""

from collections.abc import Sequence
from uuid import UUID

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.db.models.functions import Now

from clinical_engine.audit import services as audit
from clinical_engine.common.database import execute
from clinical_engine.common.errors import NotAllowedNowError, Refusal, RefusedError
from clinical_engine.common.identifiers import new_id
from clinical_engine.jobs.models import Rerun
from clinical_engine.jobs.reruns import driving
from clinical_engine.jobs.reruns.examination import Examination, examine
from clinical_engine.jobs.reruns.freezing import freeze
from clinical_engine.jobs.reruns.judging import MOVING, state_on_resume
from clinical_engine.jobs.reruns.limits import Limits
from clinical_engine.jobs.reruns.trail import record
from clinical_engine.jobs.selection import Selection
from clinical_engine.jobs.states import RerunState

_LONGEST_CAUSE = 512
# Any number that no other advisory lock of this database uses.
_LOCK = 7_301_003
_STANDS = {
    RerunState.CANARY: "is trying its first jobs",
    RerunState.RUNNING: "is running",
    RerunState.PAUSED: "is paused",
    RerunState.CANCELLED: "was cancelled",
    RerunState.FINISHED: "is finished",
}


@transaction.atomic
def start(*, actor: AbstractBaseUser, selection: Selection, reason: str, limits: Limits) -> Rerun:
    """Freeze the jobs that match now and can be read, and start running them again; jobs that fail later are not among them.

    Raises RefusedError for limits out of range or no reason, NotAllowedNowError when nothing can be run; then nothing is written.
    """
    limits.check()
    _check_reason(reason)
    # One start at a time: of two that choose the same jobs, the second one finds them taken.
    execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
    examined = examine(selection)
    if not examined.jobs:
        raise NotAllowedNowError(f"{examined.why_none} Nothing was started.")
    rerun_id = new_id()
    driver = driving.new_driver(rerun_id)
    rerun = Rerun.objects.create(
        id=rerun_id,
        filter=selection.as_parameters(),
        actor_id=actor.pk,
        reason=reason,
        state=RerunState.CANARY if limits.canary else RerunState.RUNNING,
        rate=limits.rate,
        canary=limits.canary,
        failed_share=limits.failed_share,
        total=examined.jobs,
        driver_id=driver.id,
    )
    freeze(rerun.pk, examined.chosen, limits.canary)
    driving.send_off(driver)
    _record_start(actor, rerun, examined)
    return rerun


@transaction.atomic
def pause(*, actor: AbstractBaseUser, rerun_id: UUID, reason: str) -> None:
    """Set no more jobs going; those under way end and are counted. Raises NotAllowedNowError unless it is under way."""
    rerun = _in_state(rerun_id, MOVING, reason)
    rerun.state = RerunState.PAUSED
    rerun.paused_because = f"{actor.get_username()}: {reason}"[:_LONGEST_CAUSE]
    rerun.save(update_fields=["state", "paused_because"])
    record(rerun, "rerun.pause", reason, actor)


@transaction.atomic
def resume(*, actor: AbstractBaseUser, rerun_id: UUID, reason: str) -> None:
    """Go on with a paused rerun; what failed before does not count against it. Raises NotAllowedNowError unless it is paused."""
    rerun = _in_state(rerun_id, [RerunState.PAUSED], reason)
    rerun.state = state_on_resume(rerun)
    rerun.paused_because = ""
    rerun.ended_since_resume = rerun.failed_since_resume = 0
    # The time of the pause must not be made up for.
    rerun.last_slice_at = None
    Rerun.objects.filter(pk=rerun.pk).update(resumed_at=Now())
    _drive_anew(
        rerun, ["state", "paused_because", "ended_since_resume", "failed_since_resume", "last_slice_at"]
    )
    record(rerun, "rerun.resume", reason, actor)


@transaction.atomic
def cancel(*, actor: AbstractBaseUser, rerun_id: UUID, reason: str) -> None:
    """End a rerun for good: what was not set going stays as it is. Raises NotAllowedNowError when it has ended."""
    rerun = _in_state(rerun_id, [*MOVING, RerunState.PAUSED], reason)
    rerun.state = RerunState.CANCELLED
    rerun.paused_because = ""
    Rerun.objects.filter(pk=rerun.pk).update(finished_at=Now())
    _drive_anew(rerun, ["state", "paused_because"])
    record(rerun, "rerun.cancel", reason, actor)


def _in_state(rerun_id: UUID, states: Sequence[RerunState], reason: str) -> Rerun:
    """The rerun, locked, if it is in one of the states: of two people at once, the second one finds what the first has done."""
    _check_reason(reason)
    rerun = Rerun.objects.select_for_update().filter(pk=rerun_id).first()
    if rerun is None:
        raise NotAllowedNowError("There is no such rerun.")
    if rerun.state not in states:
        raise NotAllowedNowError(f"Nothing was changed: the rerun {_STANDS[RerunState(rerun.state)]}.")
    return rerun


def _check_reason(reason: str) -> None:
    if not reason.strip():
        raise RefusedError(Refusal("reason", "required", "is needed: it is kept in the audit trail."))


def _drive_anew(rerun: Rerun, changed: Sequence[str]) -> None:
    """Write what was changed, and have another job drive it: nobody has to know whether the last one is still about."""
    driver = driving.new_driver(rerun.pk)
    rerun.driver_id = driver.id
    rerun.save(update_fields=[*changed, "driver_id"])
    driving.send_off(driver)


def _record_start(actor: AbstractBaseUser, rerun: Rerun, examined: Examination) -> None:
    details = {
        "filter": rerun.filter,
        "jobs": rerun.total,
        "left_out": examined.left_out,
        "in_other_reruns": examined.under_way,
        "rate": rerun.rate,
        "canary": rerun.canary,
        "failed_share": rerun.failed_share,
    }
    target = audit.Target("rerun", rerun.pk, examined.selection.organisation, details)
    audit.record(actor=actor, action="rerun.start", targets=[target], reason=rerun.reason)
