"""What the admin's other pages show of the ledger, and the attempts on a job's own page."""

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING
from uuid import UUID

from clinical_engine.audit.models import AuditEntry
from clinical_engine.jobs import selectors
from clinical_engine.jobs.states import JobState, Outcome
from clinical_engine.staff import dashboard, links, navigation, panels
from clinical_engine.staff.cells import Tone, badge, length, list_url, page_of, precise_moment

if TYPE_CHECKING:
    from clinical_engine.jobs.models import Attempt, Job

_SHOWN = 30
_ENTRIES_SHOWN = 20
_LIST = "admin:jobs_job_changelist"
_DESK = "admin:jobs_job_desk"
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


def _trail(job: "Job") -> Mapping[str, object]:
    entries = AuditEntry.objects.filter(target_type="job", target_id=str(job.pk)).select_related("actor")
    return panels.table(
        ["When", "Who", "What", "Why"],
        (
            (
                page_of("admin:audit_auditentry_change", entry.pk, precise_moment(entry.created_at)),
                entry.actor.get_username() if entry.actor else "the engine",
                entry.action,
                entry.reason,
            )
            for entry in entries.order_by("-created_at", "-pk")[:_ENTRIES_SHOWN]
        ),
        empty="Nobody has touched it by itself; bulk reruns stand in their own table.",
        more=(
            list_url("admin:audit_auditentry_changelist", target_type="job", target_id=job.pk),
            "All entries",
        ),
    )


def _states(ids: Collection[UUID]) -> Mapping[UUID, str]:
    # A job has no name; what people want to know of one that is mentioned elsewhere is how it stands.
    found = selectors.jobs().filter(pk__in=ids).values_list("pk", "state")
    return {key: str(JobState(state).label) for key, state in found}


def offer() -> None:
    """Register the panels, link target, tiles and the menu's entry of the ledger."""
    panels.register(
        "jobs.job",
        panels.Panel(
            "Attempts", "jobs.view_attempt", _attempts, template="admin/jobs/attempts.html", position=10
        ),
        panels.Panel("Who did what to it", "audit.view_auditentry", _trail, position=80),
    )
    navigation.add_page(
        navigation.Page(navigation.Menu(55, "Engine", "build"), "Repair desk", _DESK, "jobs.view_job")
    )
    links.register("job", links.Target("admin:jobs_job_change", "jobs.view_job", _states))
    dashboard.register(
        dashboard.Tile(
            "jobs_failed",
            "Failed jobs",
            "No job waits for a person.",
            30,
            _DESK,
            permission="jobs.view_job",
        ),
        dashboard.Tile(
            "circuits_open",
            "Paused kinds",
            "Everything that work needs answers.",
            35,
            _DESK,
            permission="jobs.view_job",
        ),
        dashboard.Tile(
            "jobs_late", "Late jobs", "Due work is being done.", 40, _LIST, {"state": "late"}, "jobs.view_job"
        ),
        dashboard.Tile(
            "seconds_since_last_sweep", "Last sweep", "Lost work is brought back.", 60, show=dashboard.as_age
        ),
    )
