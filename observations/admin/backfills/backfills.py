"""The list of backfills, and the page of each: how far it has come, what it changes, and its brake."""

from collections.abc import Callable, Mapping

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse

from clinical_engine.staff.actors import actor_of
from clinical_engine.staff.admin.long_work import LongWorkAdmin
from clinical_engine.staff.admin.steps import step_button
from clinical_engine.staff.filters import RelatedFilter, ValueFilter, YesNoFilter
from clinical_engine.staff.navigation import Menu
from clinical_engine.staff.reasons import Question
from observations.admin.backfills import cells
from observations.admin.backfills.columns import BackfillColumns
from observations.admin.backfills.drawing import drawn
from observations.admin.backfills.starting import again_url, start
from observations.backfill import services
from observations.backfill.comparing import OutputChanges
from observations.models import Backfill, BackfillState

_OFFERED = {BackfillState.RUNNING: ("pause", "cancel"), BackfillState.PAUSED: ("resume", "cancel")}


def _button(
    path: str, title: str, explanation: str, service: Callable[..., None]
) -> Callable[..., HttpResponse]:
    return step_button(
        path=path,
        title=title,
        permission="steer",
        question=lambda _, back: Question(title, explanation, title, back),
        act=lambda request, backfill, reason: service(
            actor=actor_of(request), backfill_id=backfill.pk, reason=reason
        ),
    )


@admin.register(Backfill)
class BackfillAdmin(BackfillColumns, LongWorkAdmin):
    """Every result of a script over a period, brought current or only compared."""

    menu = Menu(43, "Scripts", "history_toggle_off")
    list_before_template = "admin/staff/new_button.html"
    list_display = (
        "begun",
        "of_script",
        "kind",
        "scope",
        "period",
        "state_badge",
        "progress",
        "changed",
        "who",
    )
    list_filter = (
        ("state", ValueFilter),
        ("script", RelatedFilter),
        ("organisation", RelatedFilter),
        ("dry_run", YesNoFilter),
    )
    ordering = ("-pk",)
    actions_detail = ("pause", "resume", "cancel")
    live_template = "admin/observations/backfill_live.html"
    fieldsets = (
        (
            None,
            {
                "fields": (
                    ("of_script", "kind"),
                    ("scope", "period"),
                    ("fastest", "reason"),
                    ("who", "job"),
                    ("begun", "finished"),
                )
            },
        ),
    )

    def has_start_permission(self, request: HttpRequest) -> bool:
        """Who may start one: who may see what becomes of it."""
        may_start = request.user.has_perm("observations.add_backfill")
        return bool(may_start and self.has_view_permission(request))

    def has_steer_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Who may pause, resume and cancel."""
        del obj
        return request.user.has_perm("observations.steer_backfill")

    def get_urls(self) -> list[URLPattern]:
        """With the page that starts one."""
        return [
            path("new/", self.admin_site.admin_view(self.start_view), name="observations_backfill_new"),
            *super().get_urls(),
        ]

    def above_list(self, request: HttpRequest) -> Mapping[str, object]:
        """The button that leads to the form, for who may start one."""
        new_url = reverse("admin:observations_backfill_new") if self.has_start_permission(request) else ""
        return {"new_url": new_url, "new_title": "New backfill"}

    def start_view(self, request: HttpRequest) -> HttpResponse:
        """Ask what, and start it."""
        if not self.has_start_permission(request):
            raise PermissionDenied
        return start(request)

    pause = _button("pause", "Pause", "No more patients are computed until it is resumed.", services.pause)
    resume = _button(
        "resume", "Resume", "It goes on with the patients that were not computed yet.", services.resume
    )
    cancel = _button(
        "cancel",
        "Cancel the backfill",
        "It ends for good. What it has written so far stands.",
        services.cancel,
    )

    def live(self, request: HttpRequest, backfill: Backfill) -> Mapping[str, object]:
        """State, numbers, buttons and what changes."""
        again = again_url(backfill) if self.has_start_permission(request) else ""
        return {
            "is_moving": backfill.state == BackfillState.RUNNING,
            "badge": cells.state_badge(backfill),
            "summary": cells.summary(backfill),
            "sentences": list(cells.standing(backfill)),
            "bar": cells.bar(backfill),
            "numbers": cells.numbers(backfill),
            "buttons": self.buttons(request, backfill, _OFFERED.get(BackfillState(backfill.state), ())),
            "again_url": again,
            "outputs": [
                drawn(name, OutputChanges.stored(stored)) for name, stored in backfill.changes.items()
            ],
        }
