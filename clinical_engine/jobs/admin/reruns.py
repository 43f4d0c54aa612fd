"""Bulk reruns: the list, a live page for each, and its brake."""

from collections.abc import Callable, Mapping

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.safestring import SafeString

from clinical_engine.jobs.admin import rerun_cells as cells
from clinical_engine.jobs.admin.rerun_filters import RerunStateFilter
from clinical_engine.jobs.admin.rerun_start import start_view
from clinical_engine.jobs.models import Rerun
from clinical_engine.jobs.reruns import services
from clinical_engine.jobs.reruns.judging import MOVING
from clinical_engine.jobs.reruns.progress import Progress, driver_state, failed_causes, resting_kinds
from clinical_engine.jobs.states import RerunState
from clinical_engine.staff.actors import actor_of
from clinical_engine.staff.admin.long_work import LongWorkAdmin
from clinical_engine.staff.admin.steps import step_button
from clinical_engine.staff.cells import precise_moment
from clinical_engine.staff.navigation import Menu
from clinical_engine.staff.reasons import Question

_OFFERED = {
    **dict.fromkeys(MOVING, ("pause", "cancel")),
    RerunState.PAUSED: ("resume", "cancel"),
}


def _button(
    path: str, title: str, explanation: str, service: Callable[..., None]
) -> Callable[..., HttpResponse]:
    return step_button(
        path=path,
        title=title,
        permission="steer",
        question=lambda _, back: Question(title, explanation, title, back),
        act=lambda request, rerun, reason: service(actor=actor_of(request), rerun_id=rerun.pk, reason=reason),
    )


@admin.register(Rerun)
class RerunAdmin(LongWorkAdmin):
    """Many failed jobs that are run again together."""

    menu = Menu(62, "Engine", "replay")
    related = ("actor",)
    list_display = ("begun", "state_badge", "chosen_by", "progress", "failed_again", "who", "reason")
    list_filter = (RerunStateFilter,)
    ordering = ("-pk",)
    actions_detail = ("pause", "resume", "cancel")
    live_template = "admin/jobs/rerun_live.html"
    fieldsets = (
        (None, {"fields": ("chosen_by", ("who", "reason"))}),
        ("Limits and times", {"fields": (("limits", "begun"), ("resumed", "ended"))}),
    )

    def has_steer_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Who may pause, resume and cancel."""
        del obj
        return request.user.has_perm("jobs.change_rerun")

    def get_urls(self) -> list[URLPattern]:
        """With the page that starts one."""
        return [
            path("new/", self.admin_site.admin_view(start_view), name="jobs_rerun_new"),
            *super().get_urls(),
        ]

    pause = _button(
        "pause",
        "Pause",
        "No more jobs are set going. Those that are under way end and are counted.",
        services.pause,
    )
    resume = _button(
        "resume",
        "Resume",
        "It goes on with the jobs that were not set going. Failures from before no longer count against it.",
        services.resume,
    )
    cancel = _button(
        "cancel",
        "Cancel the rerun",
        "It ends for good. Jobs that were not set going stay as they are; those under way end and are counted.",
        services.cancel,
    )

    def live(self, request: HttpRequest, rerun: Rerun) -> Mapping[str, object]:
        """State, numbers, buttons, and what failed again."""
        progress = Progress(rerun, timezone.now())
        driver = driver_state(rerun) if progress.is_stalled else None
        return {
            "is_moving": progress.is_moving,
            "badge": cells.rerun_badge(rerun),
            "summary": f"{progress.settled:,} of {rerun.total:,} jobs, {progress.per_cent} %",
            "sentences": cells.standing(progress, driver, resting_kinds(rerun)),
            "bar": cells.bar(progress),
            "numbers": cells.numbers(progress),
            "buttons": self.buttons(request, rerun, _OFFERED.get(RerunState(rerun.state), ())),
            "causes": cells.causes_table(failed_causes(rerun.pk)),
        }

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
