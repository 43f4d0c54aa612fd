"""The repair desk: failed work by cause, and above it whatever else needs a person."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse

from clinical_engine.jobs import groups, selectors, services
from clinical_engine.jobs.admin.attention import attention
from clinical_engine.jobs.admin.bulk import rerun_url
from clinical_engine.jobs.groups import Order
from clinical_engine.jobs.models import FailureGroup
from clinical_engine.jobs.selection import Selection
from clinical_engine.staff.actors import actor_of
from clinical_engine.staff.admin import StaffModelAdmin
from clinical_engine.staff.cells import ago, list_url, moment
from clinical_engine.staff.reasons import Question, ask, reason_in
from clinical_engine.staff.sparkline import sparkline

DESK = "admin:jobs_job_desk"
_SHOWN = 50
# Who asks for all gets as many as are kept where they are counted in the background.
_SHOWN_AT_MOST = groups.KEPT
_DAY = 24
_NAMES_SHOWN = 5
_CLOSING = (
    "Work of this kind starts at once instead of when the pause is over. Do it when what it needs answers again: if it does "
    "not, jobs fail a few more times and the circuit opens anew."
)
_TITLES = {Order.JOBS: "Most jobs first", Order.LAST: "Last failed first"}


class RepairDesk(StaffModelAdmin):
    """The desk's pages, below the list of jobs."""

    def get_urls(self) -> list[URLPattern]:
        """The desk's addresses before those of single jobs."""
        view = self.admin_site.admin_view
        close = "desk/circuits/<str:kind>/close/"
        return [
            path("desk/", view(self.desk_view), name="jobs_job_desk"),
            path(close, view(self.close_circuit_view), name="jobs_job_close_circuit"),
            *super().get_urls(),
        ]

    def desk_view(self, request: HttpRequest) -> HttpResponse:
        """Failed work by cause. `?order=last` puts what failed last first, `?causes=all` shows more than the first few."""
        if not self.has_view_or_change_permission(request):
            raise PermissionDenied
        asked = request.GET.get("order", "")
        order = Order(asked) if asked in set(Order) else Order.JOBS
        shows_all = request.GET.get("causes") == "all"
        causes = groups.causes(order, _SHOWN_AT_MOST if shows_all else _SHOWN)
        may_rerun = request.user.has_perm("jobs.add_rerun")
        context = {
            **self.admin_site.each_context(request),
            "title": "Repair desk",
            "causes": causes,
            "summary": _summary(causes),
            "rows": [_row(group, may_rerun=may_rerun) for group in causes.groups],
            "may_rerun": may_rerun,
            "more": "" if shows_all or causes.causes <= _SHOWN else f"?order={order}&causes=all",
            "orders": [(title, f"?order={each}", each == order) for each, title in _TITLES.items()],
            "attention": attention(request.user),
        }
        return TemplateResponse(request, "admin/jobs/desk.html", context)

    def close_circuit_view(self, request: HttpRequest, kind: str) -> HttpResponse:
        """Ask why, then let work of the kind start at once."""
        if not request.user.has_perm("jobs.close_circuit"):
            raise PermissionDenied
        desk = reverse(DESK)
        if not selectors.circuits_open().filter(kind=kind).exists():
            self.message_user(
                request, "Nothing was changed: work of this kind is not paused.", messages.WARNING
            )
            return HttpResponseRedirect(desk)
        reason, form = reason_in(request)
        if not reason:
            question = Question(f"Close the circuit of '{kind}'", _CLOSING, "Close now", desk)
            return ask(request, question, form, self.opts)
        if services.close_circuit(actor=actor_of(request), kind=kind, reason=reason):
            self.message_user(request, f"Work of kind '{kind}' starts again.", messages.SUCCESS)
        else:
            self.message_user(
                request, "Nothing was changed: work of this kind is not paused.", messages.WARNING
            )
        return HttpResponseRedirect(desk)


def _summary(causes: groups.Causes) -> str:
    if causes.pending:
        many = f"More than {groups.LIVE_UP_TO:,} jobs have failed, too many to be counted for each look."
        return f"{many} They are counted in the background: look again in a minute."
    if not causes.groups:
        return "No failed job."
    text = f"{_number(causes.jobs, 'failed job')} of {_number(causes.causes, 'cause')}"
    if len(causes.groups) < causes.causes:
        text += f", of which the first {len(causes.groups)} are shown"
    counted = "now" if causes.counted_at is None else f"{ago(causes.counted_at)} ago"
    return f"{text}. Counted {counted}."


def _row(group: FailureGroup, *, may_rerun: bool) -> dict[str, Any]:
    # A fingerprint is a filter; without one there is no way to name just these jobs.
    selection = Selection(fingerprint=group.fingerprint) if group.fingerprint else None
    return {
        "error": group.error or "No error was recorded",
        "fingerprint": group.fingerprint,
        "jobs_url": selection and list_url("admin:jobs_job_changelist", **selection.as_parameters()),
        "rerun_url": rerun_url(selection) if selection and may_rerun else "",
        "kinds": group.kinds,
        "jobs": f"{group.jobs:,}",
        "patients": f"{group.patients:,}",
        "organisations": f"{group.organisations:,}",
        "releases": _some(group.releases),
        "trend": sparkline(group.hours),
        "trend_text": _trend(group.hours),
        "first": moment(group.first_failed_at),
        "last": moment(group.last_failed_at),
        "last_ago": f"{ago(group.last_failed_at)} ago",
    }


def _trend(hours: list[int]) -> str:
    young, before = sum(hours[-_DAY:]), sum(hours[:-_DAY])
    return f"{young:,} in the last 24 h, {before:,} in the 24 h before"


def _some(names: list[str]) -> str:
    # Names of releases sort as they were made, mostly; the youngest ones are asked about.
    left = len(names) - _NAMES_SHOWN
    shown = ", ".join(names[-_NAMES_SHOWN:])
    return f"{shown} and {left} older" if left > 0 else shown


def _number(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
