"""What the list and the page of rosters show of each."""

from collections.abc import Sequence

from django.contrib import admin
from django.http import HttpRequest
from django.utils.safestring import SafeString

from clinical_engine.staff import links
from clinical_engine.staff.admin import StaffModelAdmin
from clinical_engine.staff.cells import moment, page_of, precise_moment
from patients.admin.rosters import cells
from patients.models import Roster


class RosterColumns(StaffModelAdmin):
    """The cells; times of the care provider's in its zone, the engine's in UTC."""

    related = ("submitter", "organisation", "api_client", "actor", "confirmed_by")

    def prepare(self, request: HttpRequest, rows: Sequence[Roster]) -> None:
        """Links to the jobs."""
        links.attach(request.user, rows, {"job_id": "job"})

    @admin.display(description="as of", ordering="pk")
    def seen(self, roster: Roster) -> SafeString:
        """When the vitals app saw it, in the organisation's zone."""
        return moment(roster.as_of, roster.organisation.zone)

    @admin.display(description="submitter")
    def of_submitter(self, roster: Roster) -> SafeString:
        """Leads to the submitter."""
        return page_of("admin:submitters_submitter_change", roster.submitter_id, roster.submitter.name)

    @admin.display(description="organisation")
    def of_organisation(self, roster: Roster) -> SafeString:
        """Leads to the organisation."""
        return page_of(
            "admin:submitters_organisation_change", roster.organisation_id, roster.organisation.name
        )

    @admin.display(description="state")
    def state_badge(self, roster: Roster) -> SafeString:
        """How far it has come."""
        return cells.roster_badge(roster)

    @admin.display(description="dry run")
    def is_dry_run(self, roster: Roster) -> str:
        """Whether it is compared only; in a word, since a cross would look like a fault."""
        return cells.dry_run_text(roster)

    @admin.display(description="lines")
    def shown_lines(self, roster: Roster) -> str:
        """How many it has."""
        return f"{roster.lines:,}"

    @admin.display(description="missing here")
    def missing_here(self, roster: Roster) -> str:
        """How many were listed and not linked."""
        return cells.compared(roster, roster.missing)

    @admin.display(description="extra here")
    def extra_here(self, roster: Roster) -> str:
        """How many were linked and not listed."""
        return cells.compared(roster, roster.extra)

    @admin.display(description="drift")
    def drift_now(self, roster: Roster) -> SafeString | str:
        """How many are active by it and not linked, when it was compared last."""
        return cells.drift_badge(roster)

    @admin.display(description="drift compared")
    def compared_again(self, roster: Roster) -> SafeString:
        """When it was compared last, after it had been applied."""
        return precise_moment(roster.drift_compared_at)

    @admin.display(description="sent by")
    def sender(self, roster: Roster) -> str:
        """The API client, or the member of staff."""
        return str(roster.api_client or roster.actor or roster.get_source_display())

    @admin.display(description="job")
    def job(self, roster: Roster) -> SafeString | str:
        """The job that compares and applies it."""
        return links.shown(roster, "job_id")

    @admin.display(description="received")
    def received(self, roster: Roster) -> SafeString:
        """When its last line was in."""
        return precise_moment(roster.received_at)

    @admin.display(description="compared")
    def compared(self, roster: Roster) -> SafeString:
        """When it was compared first, or after it had been confirmed."""
        return precise_moment(roster.compared_at)

    @admin.display(description="ended")
    def finished(self, roster: Roster) -> SafeString:
        """When it was applied, cancelled or superseded."""
        return precise_moment(roster.finished_at)

    @admin.display(description="confirmed")
    def confirmed(self, roster: Roster) -> SafeString:
        """When a person confirmed what the guard held."""
        return precise_moment(roster.confirmed_at)
