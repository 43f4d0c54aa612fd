"""How a job looks in tables, on pages of its own and of others."""

from typing import TYPE_CHECKING

from django.utils.safestring import SafeString

from clinical_engine.jobs.states import FAILED, JobState
from clinical_engine.staff.cells import Tone, badge, link, list_url, page_of, precise_moment

if TYPE_CHECKING:
    from clinical_engine.jobs.models import Job

JOB_HEADERS = ("Job", "State", "Made", "Ended", "Attempts", "Error")
_TONES = {JobState.SUCCEEDED: Tone.GOOD, JobState.CANCELLED: Tone.PLAIN} | dict.fromkeys(FAILED, Tone.BAD)


def state_badge(job: "Job") -> SafeString:
    """The state, red where a person must act."""
    return badge(job.get_state_display(), _TONES.get(JobState(job.state), Tone.WAITING))


def cause_link(fingerprint: str) -> SafeString | str:
    """A link to all failed jobs of the cause."""
    if not fingerprint:
        return ""
    return link(list_url("admin:jobs_job_changelist", state="failed", fingerprint=fingerprint), fingerprint)


def job_cells(job: "Job") -> tuple[object, ...]:
    """A row under `JOB_HEADERS`."""
    return (
        page_of("admin:jobs_job_change", job.pk, job.kind),
        state_badge(job),
        precise_moment(job.created_at),
        precise_moment(job.finished_at),
        job.attempts_made,
        job.error,
    )
