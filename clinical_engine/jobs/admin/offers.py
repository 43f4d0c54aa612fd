"""What the admin's other pages show of the ledger, and the attempts on a job's own page."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from clinical_engine.jobs.states import Outcome
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


def offer() -> None:
    """Register the panel, link target and tiles of the ledger."""
    panels.register(
        "jobs.job",
        panels.Panel(
            "Attempts", "jobs.view_attempt", _attempts, template="admin/jobs/attempts.html", position=10
        ),
    )
    links.register("job", links.Target("admin:jobs_job_change", "jobs.view_job"))
    dashboard.register(
        dashboard.Tile("jobs_failed", "Failed jobs", _LIST, {"state": "failed"}, "jobs.view_job"),
        dashboard.Tile("jobs_late", "Late jobs", _LIST, {"state": "late"}, "jobs.view_job"),
        dashboard.Tile("seconds_since_last_sweep", "Last sweep", show=dashboard.as_age),
    )
