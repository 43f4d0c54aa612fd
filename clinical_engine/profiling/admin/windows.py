"""Windows in which silk records all of something: the list, the page of each with what it recorded, starting and stopping."""

from datetime import timedelta
from math import ceil
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from clinical_engine.profiling.admin.window_form import start_view
from clinical_engine.profiling.models import ProfilingWindow
from clinical_engine.profiling.silk import origins, windows
from clinical_engine.profiling.silk.open_windows import MOST_RECORDED
from clinical_engine.profiling.silk.requests import requests_of_window
from clinical_engine.staff import panels
from clinical_engine.staff.actors import actor_of
from clinical_engine.staff.admin import StaffModelAdmin
from clinical_engine.staff.admin.steps import step_button
from clinical_engine.staff.cells import Tone, badge, length, link, list_url, precise_moment
from clinical_engine.staff.navigation import Menu
from clinical_engine.staff.reasons import Question

_SHOWN = 20
# So much the clocks of a web process and of the database may differ.
_ASKEW = timedelta(minutes=1)


def _question(window: ProfilingWindow, back: str) -> Question:
    explanation = f"Nothing more is recorded for {window.origin}. What is recorded stays for a while."
    return Question("Stop recording", explanation, "Stop", back)


def _stop(request: HttpRequest, window: ProfilingWindow, reason: str) -> None:
    windows.stop(actor=actor_of(request), window_id=window.pk, reason=reason)


@admin.register(ProfilingWindow)
class ProfilingWindowAdmin(StaffModelAdmin):
    """For a limited time silk records all requests of an address, or all batches of a kind of jobs."""

    menu = Menu(89, "Engine", "timer")
    allow_add = True
    nothing_yet = "None was ever opened: silk records a small share of all by chance."
    related = ("started_by", "stopped_by")
    list_display = ("origin", "state_badge", "recorded_of", "share_text", "begun", "who", "reasons")
    list_display_links = ("origin",)
    ordering = ("-pk",)
    actions_detail = ("stop",)
    fieldsets = (
        (None, {"fields": (("origin", "state_badge"), ("recorded_of", "share_text"), "reason")}),
        ("Times", {"fields": (("begun", "ended"), ("who", "stopped"))}),
    )

    def has_stop_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Who may end one early."""
        del obj
        return request.user.has_perm("profiling.change_profilingwindow")

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The form that opens one; `?origin=` chooses for what."""
        del form_url, extra_context
        if not self.has_add_permission(request):
            raise PermissionDenied
        return start_view(request)

    stop = step_button(
        path="stop",
        title="Stop",
        permission="stop",
        question=_question,
        act=_stop,
    )

    def get_actions_detail(self, request: HttpRequest, object_id: str) -> list[Any]:
        """'Stop' only while it is open."""
        stoppable = windows.not_over().values_list("pk", flat=True)
        return super().get_actions_detail(request, object_id) if object_id in map(str, stoppable) else []

    @admin.display(description="state")
    def state_badge(self, window: ProfilingWindow) -> SafeString:
        """Whether it is open, for how long, and whether it records."""
        now = timezone.now()
        left = windows.end_of(window) - now
        # Also one whose end is still to come, since the clock was ahead when it was stopped.
        if window.stopped_by_id:
            return badge("Stopped")
        if left.total_seconds() <= 0:
            return badge("Over")
        if window.starts_at > now + _ASKEW:
            return badge("Not open: the clock was ahead when it was opened", Tone.WAITING)
        if window.granted >= MOST_RECORDED:
            return badge("Open, has recorded all it may", Tone.WAITING)
        # Rounded up: otherwise one of 5 minutes would begin with 4.
        minutes = timedelta(minutes=ceil(left / timedelta(minutes=1)))
        return badge(f"Open, {length(minutes)} left", Tone.GOOD)

    @admin.display(description="recorded")
    def recorded_of(self, window: ProfilingWindow) -> str:
        """How many of how many; processes tell it every few seconds."""
        return f"{window.recorded:,} of at most {MOST_RECORDED:,}"

    @admin.display(description="share")
    def share_text(self, window: ProfilingWindow) -> str:
        """How many of all are recorded."""
        return f"{window.share:.0%}"

    @admin.display(description="started", ordering="pk")
    def begun(self, window: ProfilingWindow) -> SafeString:
        """From when."""
        return precise_moment(window.starts_at)

    @admin.display(description="ends")
    def ended(self, window: ProfilingWindow) -> SafeString:
        """Until when, also of one that is over."""
        return precise_moment(windows.end_of(window))

    @admin.display(description="started by")
    def who(self, window: ProfilingWindow) -> str:
        """The account that the audit trail names."""
        return window.started_by.get_username()

    @admin.display(description="reason")
    def reasons(self, window: ProfilingWindow) -> SafeString:
        """Why it was opened, and why it was stopped."""
        if not window.stopped_because:
            return format_html("{}", window.reason)
        return format_html(
            '<div>{}<br><span class="ce-muted">Stopped: {}</span></div>',
            window.reason,
            window.stopped_because,
        )

    @admin.display(description="stopped by")
    def stopped(self, window: ProfilingWindow) -> SafeString | None:
        """Who ended it early, and why."""
        if window.stopped_by is None:
            return None
        return format_html("<div>{}<br>{}</div>", window.stopped_by.get_username(), window.stopped_because)


def _recorded(window: ProfilingWindow) -> dict[str, object]:
    rows = [
        (
            precise_moment(each.begun_at),
            link(each.url, f"{each.method} {each.path}"),
            each.status,
            f"{each.milliseconds:,.0f} ms",
            f"{each.statements:,}",
        )
        for each in requests_of_window(window.pk, _SHOWN)
    ]
    view, filters = origins.page_in_silk(window.origin)
    return panels.table(
        ("Begun", "What", "Status", "Took", "Statements"),
        rows,
        empty="Nothing is kept of it. Processes know of a window within seconds, and show here what they finished.",
        more=(list_url(view, **filters), "All that silk holds of this path, of whatever method"),
    )


panels.register(
    "profiling.profilingwindow",
    panels.Panel(f"The {_SHOWN} slowest that were recorded", "profiling.view_silk", _recorded),
)
