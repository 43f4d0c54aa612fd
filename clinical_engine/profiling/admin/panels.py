"""What stands on the page of a captured statement below its head."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html

from clinical_engine.profiling.admin import words
from clinical_engine.profiling.admin.exponents import powers_of
from clinical_engine.profiling.admin.finding_forms import AssignForm, names_of_owners
from clinical_engine.profiling.admin.findings_cells import finding_badge, put_off
from clinical_engine.profiling.admin.fixed_cost import fixed_cost
from clinical_engine.profiling.admin.former import former_panel
from clinical_engine.profiling.admin.plots.cost import draw_cost
from clinical_engine.profiling.admin.plots.days import draw_days
from clinical_engine.profiling.admin.verdicts import main_fit, verdict_of
from clinical_engine.profiling.estimating.loading import load_histories
from clinical_engine.profiling.growth.series import Day
from clinical_engine.profiling.limits import limits_for
from clinical_engine.profiling.models import Caller, CapturedStatement
from clinical_engine.staff import panels
from clinical_engine.staff.cells import NOTHING, moment, page_of

_CALLERS_SHOWN = 50
_CLOSED_SHOWN = 20
_DRAWN = timedelta(days=400)
_FINDING = "admin:profiling_finding_change"
_CALLER_HEADERS = ("Origin", "Sent from", "Executions", "Time", "Within one request", "First and last seen")
_CLOSED_HEADERS = ("Closed", "By", "Why", "Finding", "Found", "Note")
_CHANGE_HEADERS = ("Release", "Since", "Duration")
_DAY_HEADERS = (
    "Day, older ones by month",
    "Release",
    "Executions a day",
    "Median",
    "p95",
    "Rows",
    "Parameters",
    "Values",
)


def cost_panel(statement: CapturedStatement) -> Mapping[str, object]:
    """The drawings, the same as a table, the newest day first, and the powers; three queries."""
    today = timezone.now().date()
    kept = load_histories([statement.pk], today)[statement.pk].days
    days = [_since(statement.first_seen_at.date(), day) for day in kept if day.day > today - _DRAWN]
    verdict = verdict_of(statement)
    crossing = verdict.crossing if verdict else None
    fit = main_fit(verdict)
    origins = Caller.objects.filter(statement=statement).order_by("-time_us").values_list("origin", flat=True)
    limits = limits_for(origins[:_CALLERS_SHOWN])
    against = draw_cost(days, fit, crossing, fixed_cost(verdict))
    driver = fit.driver if fit else "active_patients"
    rows = [
        (
            words.days(day),
            day.release,
            words.number(day.calls / day.days),
            words.duration(day.median_us),
            words.duration(day.p95_us),
            words.number(day.rows),
            f"{day.parameters:,}",
            f"{day.values:,}",
            words.about(day.drivers[driver]) if driver in day.drivers else NOTHING,
        )
        for day in reversed(days)
    ]
    return {
        "drawings": [
            *([against] if against else []),
            *draw_days(days, (limits.duration_us, limits.duration_name)),
        ],
        "powers": powers_of(statement, kept, limits),
        "days": panels.table((*_DAY_HEADERS, words.driver(driver).capitalize()), rows, empty="Nothing yet."),
    }


def _since(first: date, day: Day) -> Day:
    """The day, or the month without its days before the first: over those nothing was counted."""
    early = min(max(0, (first - day.day).days), day.days - 1)
    return replace(day, day=day.day + timedelta(days=early), days=day.days - early) if early else day


def callers_panel(statement: CapturedStatement) -> Mapping[str, object]:
    """Who sends it, those first that spend most time on it; one query."""
    rows = list(statement.callers.order_by("-time_us", "pk")[: _CALLERS_SHOWN + 1])
    return {
        **panels.table(
            _CALLER_HEADERS,
            (
                (
                    caller.origin or "many origins",
                    caller.place or "many places",
                    f"{caller.calls:,}",
                    words.duration(caller.time_us),
                    f"{caller.repeated_most:,}",
                    format_html(
                        "{}<br>{}", words.seen(caller.first_seen_at), words.seen(caller.last_seen_at)
                    ),
                )
                for caller in rows[:_CALLERS_SHOWN]
            ),
            empty="Nobody is known to send it.",
        ),
        "note": f"The first {_CALLERS_SHOWN} are shown." if len(rows) > _CALLERS_SHOWN else "",
    }


def changes_panel(statement: CapturedStatement) -> Mapping[str, object]:
    """The releases that changed how long it takes, the last first; no query."""
    verdict = verdict_of(statement)
    changes = sorted(verdict.changes, key=lambda each: each.day, reverse=True) if verdict else []
    return panels.table(
        _CHANGE_HEADERS,
        ((each.release, date_format(each.day, "j M Y"), words.times(each.factor)) for each in changes),
        empty="No release changed how long it takes.",
    )


def findings_panel(statement: CapturedStatement) -> Mapping[str, object]:
    """What is open, each with a form, and what was closed; three queries."""
    found = statement.findings.select_related("owner", "closed_by")
    rows = (
        (
            page_of(_FINDING, finding.pk, moment(finding.closed_at)),
            NOTHING if finding.closed_by is None else finding.closed_by.get_username(),
            finding.closed_because,
            format_html("{} {}", finding_badge(finding), finding.told),
            moment(finding.found_at),
            finding.note,
        )
        for finding in found.exclude(closed_at=None).order_by("-closed_at")[:_CLOSED_SHOWN]
    )
    opened = found.filter(closed_at=None).order_by("due_on", "pk")
    names = names_of_owners()
    return {
        **panels.table(_CLOSED_HEADERS, rows, empty="Nothing was found wrong with it."),
        "open": [
            (each, finding_badge(each), AssignForm(each, names=names), put_off(each), former_panel(each))
            for each in opened
        ],
    }
