"""The list of rosters, and the page of each: how far it has come, what it found, and the steps that wait for a person."""

from collections.abc import Callable, Mapping

from django.contrib import admin
from django.http import HttpRequest, HttpResponse

from clinical_engine.staff.actors import actor_of
from clinical_engine.staff.admin import detail_button
from clinical_engine.staff.admin.long_work import LongWorkAdmin
from clinical_engine.staff.admin.steps import step_button
from clinical_engine.staff.filters import RelatedFilter, YesNoFilter
from clinical_engine.staff.navigation import Menu
from patients.admin.rosters import cells
from patients.admin.rosters.columns import RosterColumns
from patients.admin.rosters.drifting import drifting_page
from patients.admin.rosters.filters import RosterDriftFilter, RosterStateFilter
from patients.admin.rosters.steps import SEEN, STEPS, offered
from patients.models import Roster
from patients.models.rosters import MOVING


def _button(name: str) -> Callable[..., HttpResponse]:
    step = STEPS[name]
    return step_button(
        path=name,
        title=step.title,
        permission=name,
        question=step.question,
        act=lambda request, roster, reason: step.act(
            actor_of(request), roster.pk, reason, request.POST.get(SEEN, "")
        ),
    )


@admin.register(Roster)
class RosterAdmin(RosterColumns, LongWorkAdmin):
    """A submitter's full list of active patients, and what came of it."""

    menu = Menu(14, "Patients", "fact_check")
    list_display = (
        "seen",
        "of_submitter",
        "of_organisation",
        "state_badge",
        "is_dry_run",
        "shown_lines",
        "missing_here",
        "extra_here",
        "drift_now",
    )
    list_filter = (
        RosterStateFilter,
        RosterDriftFilter,
        ("organisation", RelatedFilter),
        ("submitter", RelatedFilter),
        ("dry_run", YesNoFilter),
    )
    ordering = ("-pk",)
    actions_detail = ("confirm", "cancel", "drifting")
    live_template = "admin/patients/roster_live.html"
    fieldsets = (
        (
            None,
            {
                "fields": (
                    ("of_submitter", "of_organisation"),
                    ("seen", "is_dry_run"),
                    ("drift_now", "compared_again"),
                )
            },
        ),
        (
            "Where it came from, and when",
            {"fields": (("sender", "job"), ("received", "compared"), ("finished", "confirmed"))},
        ),
    )

    def has_confirm_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Who may confirm what the guard holds."""
        del obj
        return request.user.has_perm("patients.confirm_roster")

    def has_cancel_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Who may cancel a roster."""
        del obj
        return request.user.has_perm("patients.cancel_roster")

    def has_drifting_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Who may see who drifts: who may see rosters, and patients."""
        del obj
        return self.has_view_permission(request) and request.user.has_perm("patients.view_patient")

    confirm = _button("confirm")
    cancel = _button("cancel")

    @detail_button(title="Who drifts", path="drifting", permission="drifting")
    def drifting(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Compare the list again, and show who is not linked."""
        roster = self.get_object(request, object_id)
        return drifting_page(request, roster) if roster else self.not_there(request, object_id)

    def live(self, request: HttpRequest, roster: Roster) -> Mapping[str, object]:
        """State, numbers, buttons and what the comparison found."""
        buttons = self.buttons(request, roster, list(offered(roster)))
        return {
            "is_moving": roster.state in MOVING,
            "badge": cells.roster_badge(roster),
            "summary": cells.summary(roster),
            "sentences": list(cells.standing(roster)),
            "bar": cells.bar(roster),
            "numbers": cells.numbers(roster),
            "buttons": [{**button, "is_quiet": button["name"] != "confirm"} for button in buttons],
            "found": cells.found(roster),
        }
