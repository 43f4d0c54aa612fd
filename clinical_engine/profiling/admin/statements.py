"""Slow queries: the list of captured statements, and the page of each."""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from django.contrib import admin
from django.contrib.admin.views.main import ORDER_VAR, PAGE_VAR
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.safestring import SafeString

from clinical_engine.profiling.admin import words
from clinical_engine.profiling.admin.columns import PAGE, StatementColumns, outlook_badge
from clinical_engine.profiling.admin.explaining import explained
from clinical_engine.profiling.admin.filters import (
    FindingFilter,
    OriginFilter,
    RepeatedFilter,
    TroubleFilter,
)
from clinical_engine.profiling.admin.fixed_cost import fixed_cost
from clinical_engine.profiling.admin.shapes import laid_out
from clinical_engine.profiling.admin.verdicts import sentence
from clinical_engine.profiling.models import CapturedStatement
from clinical_engine.profiling.probes import hint
from clinical_engine.profiling.silk import origins
from clinical_engine.staff.cells import NOTHING
from clinical_engine.staff.filters import ValueFilter
from clinical_engine.staff.navigation import Menu

_NAME = "profiling_capturedstatement"
# What the list can be ranked by, and whether the most comes first.
_RANKS = {
    "time_week": ("Time in 7 days", True),
    "p95_now": ("p95 now", True),
    "p95_week": ("p95 of 7 days", True),
    "p95_quarter": ("p95 of 90 days", True),
    "growth": ("Growth", True),
    "headroom": ("Nearest limit", False),
    "most": ("Parameters and values", True),
}


@admin.register(CapturedStatement)
class StatementAdmin(StatementColumns):
    """What statements cost, and where that leads."""

    menu = Menu(65, "Engine", "speed")
    menu_title = "Slow queries"
    nothing_yet = (
        "Nothing is captured yet. Each process writes down what its statements cost every 15 seconds, and they are put"
        " together every minute: look again in a minute or two."
    )
    list_before_template = "admin/profiling/statement_ranks.html"
    list_display = ("named", *_RANKS)
    list_display_links = None
    list_filter = (("outlook", ValueFilter), FindingFilter, OriginFilter, TroubleFilter, RepeatedFilter)
    ordering = ("-time_week_us", "pk")
    search_fields = ("fingerprint", "origin", "place", "shape")
    search_help_text = "Part of a fingerprint, an origin, a place in the code, or of the statement's shape"
    change_form_outer_before_template = "admin/profiling/statement_head.html"
    fieldsets = (
        (
            None,
            {
                "fields": (
                    ("origin", "place"),
                    ("seen_first", "seen_last"),
                    ("first_release", "last_release"),
                )
            },
        ),
    )

    def has_explain_permission(self, request: HttpRequest) -> bool:
        """Who may have the database explain it."""
        return request.user.has_perm("profiling.explain_capturedstatement")

    def get_urls(self) -> list[URLPattern]:
        """Beside Django's: the plan of a statement."""
        view = self.admin_site.admin_view(self.explain_view)
        return [path("<path:object_id>/explain/", view, name=f"{_NAME}_explain"), *super().get_urls()]

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[CapturedStatement], search_term: str
    ) -> tuple[QuerySet[CapturedStatement], bool]:
        """By the whole of the term: each word by itself would be looked for in ten thousand shapes once more."""
        del request
        term, found = search_term.strip(), Q()
        for name in self.search_fields if term else ():
            found |= Q(**{f"{name}__icontains": term})
        return queryset.filter(found), False

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The list, with what it can be ranked by above it."""
        response: HttpResponse = super().changelist_view(request, extra_context)
        if isinstance(response, TemplateResponse) and response.context_data and "cl" in response.context_data:
            response.context_data["capture_is_off"] = hint()
            response.context_data["ranks"] = _ranks(request, response.context_data["cl"].list_display)
        return response

    def above_facts(self, request: HttpRequest, statement: CapturedStatement) -> Mapping[str, object]:
        """What is said of the statement, and where that leads."""
        return {
            "head": {
                "badges": (outlook_badge(statement), self.troubles(statement)),
                "verdict": sentence(statement.known),  # type: ignore[attr-defined]
                "headroom": self.headroom(statement),
                "growth": self.growth(statement),
                "fixed_cost": fixed_cost(statement.known),  # type: ignore[attr-defined]
                "numbers": _numbers(statement),
                "shape": laid_out(statement.shape),
                "explain_url": reverse(f"admin:{_NAME}_explain", args=[statement.pk])
                if self.has_explain_permission(request)
                else "",
                "window_url": _window_url(request, statement),
            }
        }

    def explain_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask the database for the plan, and show it; nothing of it is kept but that it was asked for."""
        if not (self.has_view_permission(request) and self.has_explain_permission(request)):
            raise PermissionDenied
        statement = self.get_object(request, object_id)
        if statement is None:
            return self.not_there(request, object_id)
        if request.method != "POST":
            return HttpResponseRedirect(reverse(PAGE, args=[statement.pk]))
        return explained(request, statement)

    @admin.display(description="first seen")
    def seen_first(self, statement: CapturedStatement) -> SafeString:
        """When it ran first."""
        return words.seen(statement.first_seen_at)

    @admin.display(description="last seen")
    def seen_last(self, statement: CapturedStatement) -> SafeString:
        """When it ran last."""
        return words.seen(statement.last_seen_at)


def _ranks(request: HttpRequest, columns: Sequence[object]) -> list[tuple[str, str, bool]]:
    """Title, address, and whether the list is ranked by it now; filters and search stay."""
    asked = request.GET.get(ORDER_VAR)
    kept = {name: value for name, value in request.GET.items() if name not in {ORDER_VAR, PAGE_VAR}}
    found = []
    for column, (title, most_first) in _RANKS.items():
        order = f"{'-' if most_first else ''}{columns.index(column)}"
        is_chosen = asked == order or (not asked and column == "time_week")
        found.append((title, f"?{urlencode({**kept, ORDER_VAR: order})}", is_chosen))
    return found


def _numbers(statement: CapturedStatement) -> Mapping[str, str]:
    """The figures at the head, by what they are."""
    return {
        "Time in 7 days": words.duration(statement.time_week_us),
        "Executions in 7 days": f"{statement.calls_week:,}",
        "p95 now": words.duration(statement.p95_now_us),
        "p95 of 7 days": words.duration(statement.p95_week_us),
        "p95 of 90 days": words.duration(statement.p95_quarter_us),
        "Longest in 7 days": words.duration(statement.longest_us),
        "Most parameters": f"{statement.parameters_most:,}",
        "Most values in the longest list": f"{statement.values_most:,}",
        "Most bytes": f"{statement.bytes_most:,}",
        "Most within one request": f"{statement.repeated_most:,}" if statement.repeated_most else NOTHING,
        "Timeouts in 7 days": f"{statement.timeouts_week:,}",
        "Of these for a lock": f"{statement.lock_timeouts_week:,}",
        "All failures in 7 days": f"{statement.failures_week:,}",
    }


def _window_url(request: HttpRequest, statement: CapturedStatement) -> str:
    """Where silk is told to profile what sends it; '' for who may not, and where that is nothing that silk can record."""
    if not request.user.has_perm("profiling.add_profilingwindow") or not origins.is_known(statement.origin):
        return ""
    return f"{reverse('admin:profiling_profilingwindow_add')}?{urlencode({'origin': statement.origin})}"
