"""Bulk reruns: the list, a live page for each, and its brake."""

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseNotFound, HttpResponseRedirect
from django.shortcuts import render
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.safestring import SafeString

from clinical_engine.common.errors import NotAllowedNowError
from clinical_engine.jobs.admin import rerun_cells as cells
from clinical_engine.jobs.admin.rerun_filters import RerunStateFilter
from clinical_engine.jobs.admin.rerun_start import start_view
from clinical_engine.jobs.models import Rerun
from clinical_engine.jobs.reruns import services
from clinical_engine.jobs.reruns.judging import MOVING
from clinical_engine.jobs.reruns.progress import (
    Progress,
    driver_state,
    failed_causes,
    progress_of,
    resting_kinds,
)
from clinical_engine.jobs.states import RerunState
from clinical_engine.staff.actors import actor_of
from clinical_engine.staff.admin import StaffModelAdmin, detail_button
from clinical_engine.staff.cells import precise_moment
from clinical_engine.staff.navigation import Menu
from clinical_engine.staff.reasons import Question, ask, reason_in
from clinical_engine.staff.search import as_uuid

_LIVE = "admin/jobs/rerun_live.html"
_STEPS: Mapping[str, tuple[str, str, Callable[..., None]]] = {
    "pause": (
        "Pause",
        "No more jobs are set going. Those that are under way end and are counted.",
        services.pause,
    ),
    "resume": (
        "Resume",
        "It goes on with the jobs that were not set going. Failures from before no longer count against it.",
        services.resume,
    ),
    "cancel": (
        "Cancel the rerun",
        "It ends for good. Jobs that were not set going stay as they are; those under way end and are counted.",
        services.cancel,
    ),
}
_OFFERED = {
    **dict.fromkeys(MOVING, ("pause", "cancel")),
    RerunState.PAUSED: ("resume", "cancel"),
}


@admin.register(Rerun)
class RerunAdmin(StaffModelAdmin):
    """Many failed jobs that are run again together."""

    menu = Menu(62, "Engine", "replay")
    related = ("actor",)
    list_display = ("begun", "state_badge", "chosen_by", "progress", "failed_again", "who", "reason")
    list_filter = (RerunStateFilter,)
    ordering = ("-pk",)
    actions_detail = ("pause", "resume", "cancel")
    change_form_outer_before_template = "admin/staff/live.html"
    fieldsets = (
        (None, {"fields": ("chosen_by", ("who", "reason"))}),
        ("Limits and times", {"fields": (("limits", "begun"), ("resumed", "ended"))}),
    )

    def has_steer_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Who may pause, resume and cancel."""
        del obj
        return request.user.has_perm("jobs.change_rerun")

    def get_urls(self) -> list[URLPattern]:
        """Beside Django's: starting one, and the part of a page that renews itself."""
        view = self.admin_site.admin_view
        own = [
            path("new/", view(start_view), name="jobs_rerun_new"),
            path("<path:object_id>/live/", view(self.live_view), name="jobs_rerun_live"),
        ]
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
        rerun = kwargs.get("obj")
        if rerun is not None:
            context["live"] = self._live(request, Progress(rerun, timezone.now()))
        return super().render_change_form(request, context, *args, **kwargs)

    def live_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """The part of a page that changes: state, numbers, buttons, and what failed again."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        key = as_uuid(object_id)
        progress = progress_of(key) if key else None
        if progress is None:
            return HttpResponseNotFound()
        return render(request, _LIVE, {"live": self._live(request, progress)})

    @detail_button(title="Pause", path="pause", permission="steer")
    def pause(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask why, then set no more jobs going."""
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
        rerun = self.get_object(request, object_id)
        if rerun is None:
            return self.not_there(request, object_id)
        title, explanation, act = _STEPS[step]
        page = reverse("admin:jobs_rerun_change", args=[rerun.pk])
        reason, form = reason_in(request)
        if not reason:
            return ask(request, Question(title, explanation, title, page), form, self.opts)
        try:
            act(actor=actor_of(request), rerun_id=rerun.pk, reason=reason)
        except NotAllowedNowError as error:
            # Somebody else was first.
            self.message_user(request, str(error), messages.WARNING)
        return HttpResponseRedirect(page)

    def _live(self, request: HttpRequest, progress: Progress) -> Mapping[str, object]:
        rerun = progress.rerun
        driver = driver_state(rerun) if progress.is_stalled else None
        return {
            "template": _LIVE,
            "url": reverse("admin:jobs_rerun_live", args=[rerun.pk]),
            "is_moving": progress.is_moving,
            "badge": cells.rerun_badge(rerun),
            "summary": f"{progress.settled:,} of {rerun.total:,} jobs, {progress.per_cent} %",
            "sentences": cells.standing(progress, driver, resting_kinds(rerun)),
            "bar": cells.bar(progress),
            "numbers": cells.numbers(progress),
            "buttons": self._buttons(request, rerun.pk, RerunState(rerun.state)),
            "causes": cells.causes_table(failed_causes(rerun.pk)),
        }

    def _buttons(self, request: HttpRequest, key: UUID, state: RerunState) -> list[Mapping[str, str]]:
        if not self.has_steer_permission(request):
            return []
        return [
            {"name": step, "title": _STEPS[step][0], "url": reverse(f"admin:jobs_rerun_{step}", args=[key])}
            for step in _OFFERED.get(state, ())
        ]

    @admin.display(description="started by")
    def who(self, rerun: Rerun) -> str:
        """The account that the audit trail names."""
        return rerun.actor.get_username()

    @admin.display(description="limits")
    def limits(self, rerun: Rerun) -> str:
        """How fast it may go, and what stops it."""
        return (
            f"{rerun.rate:,} jobs a second at most; {rerun.canary:,} tried first; "
            f"pauses when more than {rerun.failed_share} % fail again"
        )

    @admin.display(description="started", ordering="pk")
    def begun(self, rerun: Rerun) -> SafeString:
        """When its jobs were chosen."""
        return precise_moment(rerun.created_at)

    @admin.display(description="started or resumed last")
    def resumed(self, rerun: Rerun) -> SafeString:
        """From when failures count."""
        return precise_moment(rerun.resumed_at)

    @admin.display(description="ended")
    def ended(self, rerun: Rerun) -> SafeString:
        """When it was finished or cancelled."""
        return precise_moment(rerun.finished_at)

    @admin.display(description="state")
    def state_badge(self, rerun: Rerun) -> SafeString:
        """Where it stands."""
        return cells.rerun_badge(rerun)

    @admin.display(description="jobs chosen by")
    def chosen_by(self, rerun: Rerun) -> str:
        """The filter, in words."""
        return cells.filter_text(rerun)

    @admin.display(description="done")
    def progress(self, rerun: Rerun) -> str:
        """How many of how many."""
        return f"{rerun.ended + rerun.skipped:,} of {rerun.total:,}"

    @admin.display(description="failed again")
    def failed_again(self, rerun: Rerun) -> str:
        """How many failed again."""
        return f"{rerun.failed:,}"
