"""What the list and the page of imports show of each."""

from collections.abc import Sequence

from django.contrib import admin
from django.http import HttpRequest
from django.utils.safestring import SafeString

from clinical_engine.staff import links
from clinical_engine.staff.admin import StaffModelAdmin
from clinical_engine.staff.cells import page_of, precise_moment
from observations.admin.imports import cells
from observations.models import MeasurementImport


class ImportColumns(StaffModelAdmin):
    """The cells; all times are the engine's, in UTC."""

    related = ("organisation", "actor")

    def prepare(self, request: HttpRequest, rows: Sequence[MeasurementImport]) -> None:
        """Links to the jobs."""
        links.attach(request.user, rows, {"job_id": "job"})

    @admin.display(description="received", ordering="pk")
    def received(self, file: MeasurementImport) -> SafeString:
        """When its last line was in."""
        return precise_moment(file.received_at)

    @admin.display(description="organisation")
    def of_organisation(self, file: MeasurementImport) -> SafeString:
        """Leads to the organisation."""
        return page_of("admin:submitters_organisation_change", file.organisation_id, file.organisation.name)

    @admin.display(description="state")
    def state_badge(self, file: MeasurementImport) -> SafeString:
        """How far it has come."""
        return cells.state_badge(file)

    @admin.display(description="dry run")
    def is_dry_run(self, file: MeasurementImport) -> str:
        """Whether nothing is stored; in a word, since a cross would look like a fault."""
        return "Yes" if file.dry_run else "No"

    @admin.display(description="lines")
    def shown_lines(self, file: MeasurementImport) -> str:
        """How many it has."""
        return f"{file.lines:,}"

    @admin.display(description="answered")
    def answered(self, file: MeasurementImport) -> str:
        """How many of them have their answer."""
        return f"{file.done:,}"

    @admin.display(description="not taken")
    def not_taken(self, file: MeasurementImport) -> SafeString | str:
        """How many were refused or are in conflict."""
        return cells.not_taken(file)

    @admin.display(description="sent by")
    def sender(self, file: MeasurementImport) -> str:
        """The member of staff, or a shell."""
        return file.actor.get_username() if file.actor else "From a shell"

    @admin.display(description="job")
    def job(self, file: MeasurementImport) -> SafeString | str:
        """The job that works it off."""
        return links.shown(file, "job_id")

    @admin.display(description="ended")
    def finished(self, file: MeasurementImport) -> SafeString:
        """When its last line was answered, or it was cancelled."""
        return precise_moment(file.finished_at)
