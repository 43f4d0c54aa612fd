"""What the admin's other pages show of bulk reruns."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from clinical_engine.jobs.admin.rerun_cells import outcome_badge, rerun_badge
from clinical_engine.jobs.reruns.progress import reruns_of
from clinical_engine.staff import dashboard, links, panels
from clinical_engine.staff.cells import moment_text, page_of

if TYPE_CHECKING:
    from clinical_engine.jobs.models import Job

PAGE = "admin:jobs_rerun_change"
_HEADERS = ("Rerun", "What became of the job", "State of the rerun", "Who", "Why")


def _reruns(job: "Job") -> Mapping[str, object]:
    rows = [
        (
            page_of(PAGE, item.rerun_id, moment_text(item.rerun.created_at)),
            outcome_badge(item),
            rerun_badge(item.rerun),
            item.rerun.actor.get_username(),
            item.rerun.reason,
        )
        for item in reruns_of(job)
    ]
    return panels.table(_HEADERS, rows, empty="In no bulk rerun.")


def offer() -> None:
    """Register the panel on a job's page, the link target and the tile."""
    panels.register("jobs.job", panels.Panel("Bulk reruns", "jobs.view_rerun", _reruns, position=40))
    links.register("rerun", links.Target(PAGE, "jobs.view_rerun"))
    dashboard.register(
        dashboard.Tile(
            "reruns_paused",
            "Paused reruns",
            "No bulk rerun waits for a person.",
            45,
            "admin:jobs_rerun_changelist",
            {"state": "waiting"},
            "jobs.view_rerun",
        )
    )
