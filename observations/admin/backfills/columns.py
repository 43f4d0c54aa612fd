"""What the list and the page of backfills show of each."""

from collections.abc import Sequence

from django.contrib import admin
from django.http import HttpRequest
from django.utils.safestring import SafeString

from clinical_engine.staff import links
from clinical_engine.staff.admin import StaffModelAdmin
from clinical_engine.staff.cells import page_of, precise_moment
from observations.admin.backfills import cells
from observations.models import Backfill, BackfillState


class BackfillColumns(StaffModelAdmin):
    """The cells; times of the engine are in UTC, the period in the organisation's zone."""

    related = ("script", "organisation", "candidate", "actor")

    def prepare(self, request: HttpRequest, rows: Sequence[Backfill]) -> None:
        """Links to the jobs."""
        links.attach(request.user, rows, {"job_id": "job"})

    @admin.display(description="started", ordering="pk")
    def begun(self, backfill: Backfill) -> SafeString:
        """When it was started."""
        return precise_moment(backfill.started_at)

    @admin.display(description="script")
    def of_script(self, backfill: Backfill) -> SafeString:
        """Leads to the script."""
        return page_of(
            "admin:observations_observationscript_change", backfill.script_id, backfill.script.title
        )

    @admin.display(description="what")
    def kind(self, backfill: Backfill) -> str:
        """Whether it stores anything."""
        return cells.kind(backfill)

    @admin.display(description="of")
    def scope(self, backfill: Backfill) -> str:
        """One organisation, or all."""
        return cells.scope(backfill)

    @admin.display(description="as of")
    def period(self, backfill: Backfill) -> str:
        """Which results."""
        return cells.period(backfill)

    @admin.display(description="state")
    def state_badge(self, backfill: Backfill) -> SafeString:
        """How far it has come."""
        return cells.state_badge(backfill)

    @admin.display(description="done")
    def progress(self, backfill: Backfill) -> str:
        """How many patients of about how many."""
        return cells.summary(backfill)

    @admin.display(description="changes")
    def changed(self, backfill: Backfill) -> str:
        """How many results change, of how many patients."""
        return f"{backfill.results_changed:,} results of {backfill.patients_changed:,} patients"

    @admin.display(description="started by")
    def who(self, backfill: Backfill) -> str:
        """The member of staff, or a shell."""
        return backfill.actor.get_username() if backfill.actor else "From a shell"

    @admin.display(description="patients a second")
    def fastest(self, backfill: Backfill) -> str:
        """At most."""
        return (
            "as fast as it goes beside live work" if backfill.rate is None else f"at most {backfill.rate:,}"
        )

    @admin.display(description="job")
    def job(self, backfill: Backfill) -> SafeString | str:
        """The job that works it off; it ends while the backfill is paused, which is no fault of it."""
        if backfill.state == BackfillState.PAUSED:
            return "None while it is paused: resuming begins another."
        return links.shown(backfill, "job_id")

    @admin.display(description="ended")
    def finished(self, backfill: Backfill) -> SafeString:
        """When it was done or cancelled."""
        return precise_moment(backfill.finished_at)
