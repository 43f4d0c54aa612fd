"""The list of backfills, and the page of each: how far it has come, what it changes, and its brake."""

from collections.abc import Callable, Mapping
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseNotFound, HttpResponseRedirect
from django.shortcuts import render
from django.urls import URLPattern, path, reverse

from clinical_engine.common.errors import NotAllowedNowError
from clinical_engine.staff.actors import actor_of
from clinical_engine.staff.admin import detail_button
from clinical_engine.staff.filters import RelatedFilter, ValueFilter, YesNoFilter
from clinical_engine.staff.navigation import Menu
from clinical_engine.staff.reasons import Question, ask, reason_in
from clinical_engine.staff.search import as_uuid
from observations.admin.backfills import cells
from observations.admin.backfills.columns import BackfillColumns
from observations.admin.backfills.drawing import drawn
from observations.admin.backfills.starting import again_url, start
from observations.backfill import services
from observations.backfill.comparing import OutputChanges
from observations.models import Backfill, BackfillState

_LIVE = "admin/observations/backfill_live.html"
_NAME = "observations_backfill"
_STEPS: Mapping[str, tuple[str, str, Callable[..., None]]] = {
    "pause": ("Pause", "No more patients are computed until it is resumed.", services.pause),
    "resume": ("Resume", "It goes on with the patients that were not computed yet.", services.resume),
    "cancel": (
        "Cancel the backfill",
        "It ends for good. What it has written so far stands.",
        services.cancel,
    ),
}
_OFFERED = {BackfillState.RUNNING: ("pause", "cancel"), BackfillState.PAUSED: ("resume", "cancel")}


@admin.register(Backfill)
class BackfillAdmin(BackfillColumns):
    """Every result of a script over a period, brought current or only compared."""

    menu = Menu(43, "Scripts", "history_toggle_off")
    list_before_template = "admin/observations/backfill_button.html"
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
    change_form_outer_before_template = "admin/staff/live.html"
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
        """Beside Django's: starting one, and the part of a page that renews itself."""
        view = self.admin_site.admin_view
        own = [
            path("new/", view(self.start_view), name=f"{_NAME}_new"),
            path("<path:object_id>/live/", view(self.live_view), name=f"{_NAME}_live"),
        ]
        return [*own, *super().get_urls()]

    def get_actions_detail(self, request: HttpRequest, object_id: str) -> list[Any]:
        """None at the page's head: the buttons stand in the part that renews itself, since they change with the state."""
        del request, object_id
        return []

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The list, with the button that leads to the form for who may start one."""
        new = reverse(f"admin:{_NAME}_new") if self.has_start_permission(request) else ""
        response: HttpResponse = super().changelist_view(request, {**(extra_context or {}), "new_url": new})
        return response

    def render_change_form(
        self,
        request: HttpRequest,
        context: dict[str, Any],
        *args: Any,  # noqa: ANN401 - Django's signature
        **kwargs: Any,  # noqa: ANN401 - Django's signature
    ) -> HttpResponse:
        """The page, with how far it has come above the facts."""
        backfill = kwargs.get("obj")
        if backfill is not None:
            context["live"] = self._live(request, backfill)
        return super().render_change_form(request, context, *args, **kwargs)

    def start_view(self, request: HttpRequest) -> HttpResponse:
        """Ask what, and start it."""
        if not self.has_start_permission(request):
            raise PermissionDenied
        return start(request)

    def live_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """The part of a page that changes: state, numbers, buttons and what changes."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        key = as_uuid(object_id)
        backfill = Backfill.objects.select_related(*self.related).filter(pk=key).first() if key else None
        if backfill is None:
            return HttpResponseNotFound()
        return render(request, _LIVE, {"live": self._live(request, backfill)})

    @detail_button(title="Pause", path="pause", permission="steer")
    def pause(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask why, then do no more steps."""
        return self._steer(request, object_id, "pause")

    @detail_button(title="Resume", path="resume", permission="steer")
    def resume(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask why, then go on."""
        return self._steer(request, object_id, "resume")

    @detail_button(title="Cancel", path="cancel", permission="steer")
    def cancel(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask why, then end it."""
        return self._steer(request, object_id, "cancel")

    def _steer(self, request: HttpRequest, object_id: str, step: str) -> HttpResponse:
        backfill = self.get_object(request, object_id)
        if backfill is None:
            return self.not_there(request, object_id)
        title, explanation, act = _STEPS[step]
        page = reverse(f"admin:{_NAME}_change", args=[backfill.pk])
        reason, form = reason_in(request)
        if not reason:
            return ask(request, Question(title, explanation, title, page), form, self.opts)
        try:
            act(actor=actor_of(request), backfill_id=backfill.pk, reason=reason)
        except NotAllowedNowError as error:
            # Somebody else was first, or it was done meanwhile.
            self.message_user(request, str(error), messages.WARNING)
        return HttpResponseRedirect(page)

    def _live(self, request: HttpRequest, backfill: Backfill) -> Mapping[str, object]:
        again = again_url(backfill) if self.has_start_permission(request) else ""
        return {
            "template": _LIVE,
            "url": reverse(f"admin:{_NAME}_live", args=[backfill.pk]),
            "is_moving": backfill.state == BackfillState.RUNNING,
            "badge": cells.state_badge(backfill),
            "summary": cells.summary(backfill),
            "sentences": list(cells.standing(backfill)),
            "bar": cells.bar(backfill),
            "numbers": cells.numbers(backfill),
            "buttons": self._buttons(request, backfill),
            "again_url": again,
            "outputs": [
                drawn(name, OutputChanges.stored(stored)) for name, stored in backfill.changes.items()
            ],
        }

    def _buttons(self, request: HttpRequest, backfill: Backfill) -> list[Mapping[str, str]]:
        if not self.has_steer_permission(request):
            return []
        return [
            {
                "name": step,
                "title": _STEPS[step][0],
                "url": reverse(f"admin:{_NAME}_{step}", args=[backfill.pk]),
            }
            for step in _OFFERED.get(BackfillState(backfill.state), ())
        ]
