"""The list of rosters, and the page of each: how far it has come, what it found, and the steps that wait for a person."""

from collections.abc import Mapping
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseNotFound, HttpResponseRedirect
from django.shortcuts import render
from django.urls import URLPattern, path, reverse

from clinical_engine.common.errors import NotAllowedNowError
from clinical_engine.staff.actors import actor_of
from clinical_engine.staff.admin import detail_button
from clinical_engine.staff.filters import RelatedFilter, YesNoFilter
from clinical_engine.staff.navigation import Menu
from clinical_engine.staff.reasons import ask, reason_in
from clinical_engine.staff.search import as_uuid
from patients.admin.rosters import cells
from patients.admin.rosters.columns import RosterColumns
from patients.admin.rosters.drifting import drifting_page
from patients.admin.rosters.filters import RosterDriftFilter, RosterStateFilter
from patients.admin.rosters.steps import SEEN, STEPS, offered
from patients.models import Roster
from patients.models.rosters import MOVING

_LIVE = "admin/patients/roster_live.html"


@admin.register(Roster)
class RosterAdmin(RosterColumns):
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
    change_form_outer_before_template = "admin/staff/live.html"
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

    def get_urls(self) -> list[URLPattern]:
        """Beside Django's: the part of a page that renews itself."""
        view = self.admin_site.admin_view(self.live_view)
        own = [path("<path:object_id>/live/", view, name="patients_roster_live")]
        return [*own, *super().get_urls()]

    def get_actions_detail(self, request: HttpRequest, object_id: str) -> list[Any]:
        """None at the page's head: the buttons stand in the part that renews itself, since they change with the state."""
        del request, object_id
        return []

    def render_change_form(
        self,
        request: HttpRequest,
        context: dict[str, Any],
        *args: Any,  # noqa: ANN401 - Django's signature
        **kwargs: Any,  # noqa: ANN401 - Django's signature
    ) -> HttpResponse:
        """The page, with how far it has come above the facts."""
        roster = kwargs.get("obj")
        if roster is not None:
            context["live"] = self._live(request, roster)
        return super().render_change_form(request, context, *args, **kwargs)

    def live_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """The part of a page that changes: state, numbers and buttons."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        key = as_uuid(object_id)
        roster = Roster.objects.select_related("confirmed_by").filter(pk=key).first() if key else None
        if roster is None:
            return HttpResponseNotFound()
        return render(request, _LIVE, {"live": self._live(request, roster)})

    @detail_button(title="Confirm", path="confirm", permission="confirm")
    def confirm(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask why, then have it applied although the guard objects."""
        return self._step(request, object_id, "confirm")

    @detail_button(title="Cancel", path="cancel", permission="cancel")
    def cancel(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask why, then go no further with it."""
        return self._step(request, object_id, "cancel")

    @detail_button(title="Who drifts", path="drifting", permission="drifting")
    def drifting(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Compare the list again, and show who is not linked."""
        roster = self.get_object(request, object_id)
        return drifting_page(request, roster) if roster else self.not_there(request, object_id)

    def _step(self, request: HttpRequest, object_id: str, name: str) -> HttpResponse:
        roster = self.get_object(request, object_id)
        if roster is None:
            return self.not_there(request, object_id)
        step, page = STEPS[name], reverse("admin:patients_roster_change", args=[roster.pk])
        reason, form = reason_in(request)
        if not reason:
            return ask(request, step.question(roster, page), form, self.opts)
        try:
            step.act(actor_of(request), roster.pk, reason, request.POST.get(SEEN, ""))
        except NotAllowedNowError as error:
            # Somebody else was first, or a newer list arrived.
            self.message_user(request, str(error), messages.WARNING)
        return HttpResponseRedirect(page)

    def _live(self, request: HttpRequest, roster: Roster) -> Mapping[str, object]:
        return {
            "template": _LIVE,
            "url": reverse("admin:patients_roster_live", args=[roster.pk]),
            "is_moving": roster.state in MOVING,
            "badge": cells.roster_badge(roster),
            "summary": cells.summary(roster),
            "sentences": list(cells.standing(roster)),
            "bar": cells.bar(roster),
            "numbers": cells.numbers(roster),
            "buttons": [
                {
                    "name": name,
                    "title": title,
                    "is_quiet": name != "confirm",
                    "url": reverse(f"admin:patients_roster_{name}", args=[roster.pk]),
                }
                for name, title in offered(roster)
                if getattr(self, f"has_{name}_permission")(request)
            ],
            "found": cells.found(roster),
        }
