"""One slice of a rerun, in one transaction: see what ended, decide, set the next jobs going."""

from datetime import datetime
from uuid import UUID

from clinical_engine.common.database import database_now
from clinical_engine.jobs.models import Rerun
from clinical_engine.jobs.reruns import driving, items
from clinical_engine.jobs.reruns.examination import states_of
from clinical_engine.jobs.reruns.judging import MOVING, allowance, is_canary_over, is_done, why_to_pause
from clinical_engine.jobs.reruns.trail import record
from clinical_engine.jobs.selection import Selection
from clinical_engine.jobs.states import ItemOutcome, RerunState

# Lost workers and failed tries are counted over the whole life of a job. A rerun of hours meets more of them than one job
# may, through no fault of its own, so after so many slices another job drives it.
SLICES_OF_A_DRIVER = 300
_WRITTEN = (
    "state",
    "paused_because",
    "driver_id",
    "started",
    "succeeded",
    "failed",
    "skipped",
    "ended_since_resume",
    "failed_since_resume",
    "last_slice_at",
    "finished_at",
)


def advance(rerun_id: UUID, driver_id: UUID, slices: int) -> bool:
    """Do the rerun's next slice in the caller's transaction; whether its driving job `driver_id` has more to do.

    `slices` is how many that job has done. A rerun that is gone, or that another job drives by now, is left alone.
    """
    rerun = Rerun.objects.select_for_update().filter(pk=rerun_id, driver_id=driver_id).first()
    if rerun is None:
        return False
    _count(rerun)
    now = database_now()
    _decide(rerun, now)
    _set_going(rerun, now)
    goes_on = rerun.state in MOVING or rerun.in_flight > 0
    hands_over = goes_on and slices + 1 >= SLICES_OF_A_DRIVER
    if hands_over:
        driver = driving.new_driver(rerun.pk)
        rerun.driver_id = driver.id
        driving.send_off(driver)
    rerun.save(update_fields=_WRITTEN)
    return goes_on and not hands_over


def _count(rerun: Rerun) -> None:
    settled = items.settle(rerun.pk)
    succeeded, failed = settled.get(ItemOutcome.SUCCEEDED, 0), settled.get(ItemOutcome.FAILED, 0)
    rerun.succeeded += succeeded
    rerun.failed += failed
    rerun.skipped += settled.get(ItemOutcome.SKIPPED, 0)
    rerun.ended_since_resume += succeeded + failed
    rerun.failed_since_resume += failed


def _decide(rerun: Rerun, now: datetime) -> None:
    if rerun.state in (*MOVING, RerunState.PAUSED) and is_done(rerun):
        rerun.state, rerun.finished_at = RerunState.FINISHED, now
        record(rerun, "rerun.finish", "")
    elif rerun.state in MOVING and (reason := why_to_pause(rerun)):
        rerun.state, rerun.paused_because = RerunState.PAUSED, reason
        record(rerun, "rerun.pause", reason)
    elif is_canary_over(rerun):
        rerun.state = RerunState.RUNNING


def _set_going(rerun: Rerun, now: datetime) -> None:
    number, rerun.last_slice_at = allowance(rerun, now)
    if rerun.state in MOVING and number:
        states = states_of(Selection.parse(rerun.filter))
        rerun.skipped += items.set_going(rerun, number, states)
        rerun.started += number
