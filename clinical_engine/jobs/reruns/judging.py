"""What a slice decides: whether a rerun goes on, pauses by itself or is done, and how many jobs may be set going now."""

from datetime import datetime, timedelta

from clinical_engine.jobs.models import Rerun
from clinical_engine.jobs.reruns.limits import SECONDS_IN_FLIGHT
from clinical_engine.jobs.states import RerunState

MOVING = (RerunState.CANARY, RerunState.RUNNING)
# Fewer ended jobs than this say nothing about a share, but the canary, which was chosen to be judged by.
JUDGED_FROM = 20
# After a longer pause, say of all workers, the jobs that were not set going meanwhile do not come all at once.
_LONGEST_GAP = timedelta(seconds=SECONDS_IN_FLIGHT)
_FIRST_GAP = timedelta(seconds=1)


def is_done(rerun: Rerun) -> bool:
    """Whether every job of the selection has been set going or left alone, and every one that was has ended."""
    return rerun.started == rerun.total and rerun.in_flight == 0


def why_to_pause(rerun: Rerun) -> str:
    """The reason, in words, why too many have failed again since the start or the last resume; '' when not."""
    ended, failed = rerun.ended_since_resume, rerun.failed_since_resume
    if failed * 100 <= rerun.failed_share * ended:
        return ""
    if is_canary_over(rerun):
        return f"{failed} of the first {ended} jobs failed again; up to {rerun.failed_share} % may."
    if rerun.state == RerunState.RUNNING and ended >= JUDGED_FROM:
        return (
            f"{failed:,} of the {ended:,} jobs that ended since {_since(rerun)} failed again; "
            f"up to {rerun.failed_share} % may."
        )
    return ""


def is_canary_over(rerun: Rerun) -> bool:
    """Whether it is trying its first few jobs, and all of those have ended."""
    return rerun.state == RerunState.CANARY and rerun.started >= rerun.canary and rerun.in_flight == 0


def allowance(rerun: Rerun, now: datetime) -> tuple[int, datetime]:
    """How many jobs may be set going at `now`, and from when the next slice's time counts.

    What the rate allows for the time since the last slice, as long as no more are under way than the brake could stop.
    """
    gap = min(now - rerun.last_slice_at, _LONGEST_GAP) if rerun.last_slice_at else _FIRST_GAP
    by_rate = gap.total_seconds() * rerun.rate
    room = rerun.rate * SECONDS_IN_FLIGHT - rerun.in_flight
    end = min(rerun.canary, rerun.total) if rerun.state == RerunState.CANARY else rerun.total
    # A fraction of a job is time that the next slice has more: at one a second it would otherwise be lost each time.
    left = timedelta(seconds=(by_rate - int(by_rate)) / rerun.rate)
    return max(0, min(int(by_rate), room, end - rerun.started)), now - left


def state_on_resume(rerun: Rerun) -> RerunState:
    """Where a paused rerun goes on: with the rest of its first few jobs, or with all others."""
    canary_under_way = rerun.started < rerun.canary or (rerun.started == rerun.canary and rerun.in_flight > 0)
    return RerunState.CANARY if canary_under_way else RerunState.RUNNING


def _since(rerun: Rerun) -> str:
    return "it was resumed" if rerun.resumed_at > rerun.created_at else "the start"
