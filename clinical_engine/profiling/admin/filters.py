"""Filters of the list of captured statements. It has ten thousand rows at most: they are read, no index is kept for them."""

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone

from clinical_engine.profiling.capture.judging import REPEATED_TOO_OFTEN
from clinical_engine.profiling.models import CapturedStatement, Finding
from clinical_engine.profiling.probes import timed_out_lately
from clinical_engine.staff.actors import actor_of
from clinical_engine.staff.filters import Choice, ChoiceFilter, Rows

_WORK = ("job ", "task ", "command ")
Statements = QuerySet[CapturedStatement]


def _with(findings: QuerySet[Finding]) -> Exists:
    return Exists(findings.filter(statement=OuterRef("pk"), closed_at=None))


def _overdue(rows: Rows) -> Rows:
    return rows.filter(_with(Finding.objects.filter(due_on__lt=timezone.now().date())))


def _repeated(rows: Rows) -> Rows:
    return rows.filter(repeated_most__gte=REPEATED_TOO_OFTEN)


def _timed_out_lately(rows: Rows) -> Rows:
    return rows.filter(timed_out_lately())


class FindingFilter(ChoiceFilter):
    """By what was found wrong and is open; 'mine' is what the reader looks after."""

    title = "finding"
    parameter_name = "finding"
    choices_by_value = {
        "open": Choice("Open", lambda rows: rows.filter(_with(Finding.objects.all()))),
        "overdue": Choice("Overdue", _overdue),
        "mine": Choice("Mine", lambda rows: rows),
        "none": Choice("None open", lambda rows: rows.exclude(_with(Finding.objects.all()))),
    }

    def queryset(self, request: HttpRequest, queryset: Rows) -> Rows:
        """The rows that the chosen value lets through."""
        if self.value() == "mine":
            return queryset.filter(_with(Finding.objects.filter(owner=actor_of(request))))
        return super().queryset(request, queryset)


class OriginFilter(ChoiceFilter):
    """By what spends most time on it."""

    title = "sent by"
    parameter_name = "origin"
    choices_by_value = {
        "request": Choice("Requests", lambda rows: rows.filter(_is_request())),
        "job": Choice("Jobs", lambda rows: rows.filter(origin__startswith="job ")),
        "task": Choice("Scheduled tasks", lambda rows: rows.filter(origin__startswith="task ")),
        "command": Choice("Commands", lambda rows: rows.filter(origin__startswith="command ")),
    }


def _is_request() -> Q:
    work = Q(origin="")
    for kind in _WORK:
        work |= Q(origin__startswith=kind)
    return ~work


class TroubleFilter(ChoiceFilter):
    """By what went wrong in 7 days."""

    title = "failures"
    parameter_name = "timeouts"
    choices_by_value = {
        "yes": Choice("Timeouts", lambda rows: rows.filter(timeouts_week__gt=0)),
        "lately": Choice("Timeouts within the last hour", _timed_out_lately),
        "failures": Choice("Any failure", lambda rows: rows.filter(failures_week__gt=0)),
    }


class RepeatedFilter(ChoiceFilter):
    """By whether one request or batch of jobs sent it again and again in the last 7 days."""

    title = "repeated"
    parameter_name = "repeated"
    choices_by_value = {"yes": Choice("Within one request", _repeated)}
