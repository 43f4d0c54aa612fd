"""What the admin's other pages show of the ledger, and the attempts on a job's own page."""

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING
from uuid import UUID

from clinical_engine.jobs import selectors
from clinical_engine.jobs.states import JobState, Outcome
from clinical_engine.staff import dashboard, links, panels
from clinical_engine.staff.cells import Tone, badge, length, precise_moment

if TYPE_CHECKING:
    from clinical_engine.jobs.models import Attempt, Job

_SHOWN = 30
_LIST = "admin:jobs_job_changelist"
_TONES = {Outcome.SUCCEEDED: Tone.GOOD, Outcome.CONTINUES: Tone.PLAIN}


def _attempts(job: "Job") -> Mapping[str, object]:
    return {
        "rows": [_shown(attempt) for attempt in job.attempts.order_by("-number")[:_SHOWN]],
        "empty": "Not tried yet.",
        "note": f"The last {_SHOWN} are shown." if job.attempts_made > _SHOWN else "",
    }


def _shown(attempt: "Attempt") -> dict[str, object]:
    facts = {
        "Error": attempt.error_class,
        "Kind of error": attempt.error_kind,
        "SQLSTATE": attempt.sqlstate,
        "Constraint": attempt.constraint_name,
        "Message": attempt.message,
        "Release": attempt.release,
        "Worker": attempt.worker,
    }
    return {
        "number": attempt.number,
        "outcome": badge(attempt.get_outcome_display(), _TONES.get(Outcome(attempt.outcome), Tone.BAD)),
        "began": precise_moment(attempt.started_at),
        "took": length(attempt.ended_at - attempt.started_at),
        "trigger": attempt.get_trigger_display(),
        "facts": {name: value for name, value in facts.items() if value},
        "frames": "\n".join(attempt.frames),
    }


def _states(ids: Collection[UUID]) -> Mapping[UUID, str]:
    # A job has no name; what people want to know of one that is mentioned elsewhere is how it stands.
    found = selectors.jobs().filter(pk__in=ids).values_list("pk", "state")
    return {key: str(JobState(state).label) for key, state in found}


def offer() -> None:
    """Register the panel, link target and tiles of the ledger."""
    panels.register(
        "jobs.job",
        panels.Panel(
            "Attempts", "jobs.view_attempt", _attempts, template="admin/jobs/attempts.html", position=10
        ),
    )
    links.register("job", links.Target("admin:jobs_job_change", "jobs.view_job", _states))
    dashboard.register(
        dashboard.Tile(
            "jobs_failed",
            "Failed jobs",
            "No job waits for a person.",
            30,
            _LIST,
            {"state": "failed"},
            "jobs.view_job",
        ),
        dashboard.Tile(
            "jobs_late", "Late jobs", "Due work is being done.", 40, _LIST, {"state": "late"}, "jobs.view_job"
        ),
        dashboard.Tile(
            "seconds_since_last_sweep", "Last sweep", "Lost work is brought back.", 60, show=dashboard.as_age
        ),
    )
