"""What the list of captured statements shows of each."""

from collections.abc import Sequence

from django.contrib import admin
from django.db.models import Count, F, QuerySet
from django.db.models.functions import Greatest
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from clinical_engine.profiling.admin import words
from clinical_engine.profiling.admin.curve import small_curve
from clinical_engine.profiling.admin.findings_cells import finding_badge
from clinical_engine.profiling.admin.fixed_cost import fixed_cost
from clinical_engine.profiling.admin.verdicts import verdict_of
from clinical_engine.profiling.growth.verdicts import Outlook
from clinical_engine.profiling.models import Caller, CapturedStatement, Finding
from clinical_engine.staff.admin import StaffModelAdmin
from clinical_engine.staff.cells import NOTHING, Tone, badge, page_of

PAGE = "admin:profiling_capturedstatement_change"
SHAPE_SHOWN = 220
_TEXTS = ("shape", "verdict", "curve")
_TONES = {Outlook.GROWS: Tone.BAD, Outlook.STEADY: Tone.GOOD}


def outlook_badge(statement: CapturedStatement) -> SafeString:
    """Whether it grows."""
    return badge(statement.get_outlook_display(), _TONES.get(Outlook(statement.outlook), Tone.PLAIN))


class StatementColumns(StaffModelAdmin):
    """The cells; a row has its figures with it, `prepare` looks up the rest for a whole page.

    Nothing is joined, and texts are left out at first: ten thousand rows are sorted for the fifty that are shown.
    """

    def get_queryset(self, request: HttpRequest) -> QuerySet[CapturedStatement]:
        """The rows without their texts, which `prepare` adds."""
        rows: QuerySet[CapturedStatement] = super().get_queryset(request)
        return rows.defer(*_TEXTS, "recent")

    def prepare(self, request: HttpRequest, rows: Sequence[CapturedStatement]) -> None:
        """Texts, how many callers each has, what is open about it, and its verdict; three queries."""
        del request
        keys = [row.pk for row in rows]
        texts = CapturedStatement.objects.filter(pk__in=keys).values("pk", *_TEXTS)
        by_key = {each["pk"]: each for each in texts}
        callers = Caller.objects.filter(statement__in=keys).values("statement")
        numbers = dict(callers.annotate(number=Count("pk")).values_list("statement", "number"))
        open_findings = list(Finding.objects.filter(statement__in=keys, closed_at=None).order_by("due_on"))
        for row in rows:
            for name in _TEXTS:
                setattr(row, name, by_key[row.pk][name])
            row.number_of_callers = numbers.get(row.pk, 0)  # type: ignore[attr-defined]
            row.open_findings = [each for each in open_findings if each.statement_id == row.pk]  # type: ignore[attr-defined]
            row.known = verdict_of(row)  # type: ignore[attr-defined]

    @admin.display(description="captured statement")
    def named(self, statement: CapturedStatement) -> SafeString:
        """Leads to its page: fingerprint, what is wrong with it, the beginning of its shape, and where it comes from."""
        others = statement.number_of_callers - 1  # type: ignore[attr-defined]
        return format_html(
            '<div class="ce-statement">{} {}<code>{}</code><div class="ce-muted">{}{}<br>{}</div></div>',
            page_of(PAGE, statement.pk, format_html('<span class="ce-id">{}</span>', statement.fingerprint)),
            self.troubles(statement),
            statement.shape[:SHAPE_SHOWN],
            statement.origin or "many origins",
            f" and {others} more" if others > 0 else "",
            statement.place or "many places",
        )

    @admin.display(description="needs attention")
    def troubles(self, statement: CapturedStatement) -> SafeString:
        """Open findings, failures, timeouts and repetition, as badges."""
        week = {
            "timeout": statement.timeouts_week - statement.lock_timeouts_week,
            "lock timeout": statement.lock_timeouts_week,
            "other failure": statement.failures_week - statement.timeouts_week,
        }
        badges = [finding_badge(each) for each in statement.open_findings]  # type: ignore[attr-defined]
        badges += [
            badge(words.counted(number, name), Tone.BAD) for name, number in week.items() if number > 0
        ]
        return format_html_join(" ", "{}", ((each,) for each in badges))

    @admin.display(description="time, 7 days", ordering="time_week_us")
    def time_week(self, statement: CapturedStatement) -> SafeString:
        """All of its executions together, and how many."""
        return format_html(
            '<div>{}<br><span class="ce-muted">{}</span></div>',
            words.duration(statement.time_week_us),
            words.counted(statement.calls_week, "time"),
        )

    @admin.display(description="p95 now", ordering=F("p95_now_us").asc(nulls_first=True))
    def p95_now(self, statement: CapturedStatement) -> str:
        """Of the last 50 executions."""
        return words.duration(statement.p95_now_us)

    @admin.display(description="7 days", ordering=F("p95_week_us").asc(nulls_first=True))
    def p95_week(self, statement: CapturedStatement) -> str:
        """Of 7 days."""
        return words.duration(statement.p95_week_us)

    @admin.display(description="90 days", ordering=F("p95_quarter_us").asc(nulls_first=True))
    def p95_quarter(self, statement: CapturedStatement) -> str:
        """Of 90 days."""
        return words.duration(statement.p95_quarter_us)

    @admin.display(description="growth", ordering=F("exponent").asc(nulls_first=True))
    def growth(self, statement: CapturedStatement) -> SafeString:
        """Cost against its driver as a chart, the power of it with its bounds, and the last release that changed it."""
        if statement.exponent is None:
            return format_html("<div>{}{}</div>", outlook_badge(statement), self.changed(statement))
        fixed = fixed_cost(statement.known)  # type: ignore[attr-defined]
        return format_html(
            '<div class="ce-growth">{}<b>{}</b> <span class="ce-muted">({} to {})<br>{} with {}{}</span>{}</div>',
            small_curve(statement.curve),
            f"{statement.exponent:.2f}",
            *(_power(statement.exponent_low), _power(statement.exponent_high)),
            *(words.cost(statement.measure), words.driver(statement.driver)),
            format_html("<br>{}", fixed.short) if fixed else "",
            self.changed(statement),
        )

    @admin.display(description="changed")
    def changed(self, statement: CapturedStatement) -> SafeString | str:
        """The release that last changed how long it takes."""
        verdict = statement.known  # type: ignore[attr-defined]
        if verdict is None or not verdict.changes:
            return ""
        return format_html('<div class="ce-muted">{}</div>', words.change(verdict.changes[-1]))

    @admin.display(description="headroom", ordering=F("limit_on").asc(nulls_last=True))
    def headroom(self, statement: CapturedStatement) -> SafeString | str:
        """Which limit it reaches, at how many patients, and when."""
        verdict = statement.known  # type: ignore[attr-defined]
        if statement.outlook != Outlook.GROWS or verdict is None or verdict.crossing is None:
            return NOTHING
        return format_html(
            '<div class="ce-headroom">{}<div class="ce-muted">{}</div></div>',
            words.headroom(verdict.crossing),
            verdict.crossing.limit_name,
        )

    @admin.display(description="largest", ordering=Greatest("parameters_most", "values_most"))
    def most(self, statement: CapturedStatement) -> SafeString:
        """Parameters, values in lists counted one by one, and how often within one request."""
        repeated = f"{statement.repeated_most:,} a request" if statement.repeated_most > 1 else ""
        return format_html(
            '<div>{}<br>{} in a list<div class="ce-muted">{}</div></div>',
            *(words.counted(statement.parameters_most, "parameter"), f"{statement.values_most:,}", repeated),
        )


def _power(value: float | None) -> str:
    return NOTHING if value is None else f"{value:.2f}"
