"""The list of findings, and what is done with one."""

from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db.models import F, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from clinical_engine.common.errors import NotAllowedNowError
from clinical_engine.profiling import findings as services
from clinical_engine.profiling.admin.assigning import assigned, back_from, page_before
from clinical_engine.profiling.admin.findings_cells import due, finding_badge, settled
from clinical_engine.profiling.models import Finding
from clinical_engine.staff.actors import actor_of
from clinical_engine.staff.admin import StaffModelAdmin, detail_button
from clinical_engine.staff.cells import NOTHING, moment, page_of
from clinical_engine.staff.filters import Choice, ChoiceFilter, Rows, ValueFilter
from clinical_engine.staff.navigation import Menu
from clinical_engine.staff.reasons import Question, ask, reason_in

_CLOSING = (
    "Closed, it is not opened again for 30 days, unless it becomes twice as bad:"
    " close what is mended, or what may be as it is."
)
_STATEMENT = "admin:profiling_capturedstatement_change"


def _overdue(rows: Rows) -> Rows:
    return rows.filter(closed_at=None, due_on__lt=timezone.now().date())


class StateFilter(ChoiceFilter):
    """By whether somebody still has to decide. What is open unless asked otherwise."""

    title = "state"
    parameter_name = "state"
    all_option = None
    choices_by_value = {
        "open": Choice("Open", lambda rows: rows.filter(closed_at=None)),
        "overdue": Choice("Overdue", _overdue),
        "closed": Choice("Closed", lambda rows: rows.exclude(closed_at=None)),
        "all": Choice("All", lambda rows: rows),
    }

    def value(self) -> str:
        """The state that is asked for, or the one that is shown when none is."""
        return str(super().value() or "open")


class OwnerFilter(ChoiceFilter):
    """By who looks after it."""

    title = "owner"
    parameter_name = "owner"
    choices_by_value = {
        "mine": Choice("Me", lambda rows: rows),
        "nobody": Choice("Nobody", lambda rows: rows.filter(owner=None)),
    }

    def queryset(self, request: HttpRequest, queryset: Rows) -> Rows:
        """The rows that the chosen value lets through."""
        if self.value() == "mine":
            return queryset.filter(owner=actor_of(request))
        return super().queryset(request, queryset)


@admin.register(Finding)
class FindingAdmin(StaffModelAdmin):
    """What the machine found wrong with statements, the most pressing first."""

    menu = Menu(66, "Engine", "priority_high")
    nothing_yet = "Nothing is wrong with any captured statement."
    related = ("statement", "owner", "closed_by")
    list_display = ("what", "of_statement", "due_on_day", "owned_by", "found", "note")
    list_filter = (StateFilter, OwnerFilter, ("kind", ValueFilter))
    ordering = (F("closed_at").desc(nulls_first=True), "due_on", "pk")
    sortable_by = ()
    search_fields = ("statement__fingerprint", "statement__origin", "note", "closed_because")
    search_help_text = "Part of a fingerprint, of an origin, of the note or of why it was closed"
    actions = ("close_ticked",)
    actions_detail = ("assign", "close")
    fieldsets = (
        (
            None,
            {
                "fields": (
                    ("what", "of_statement"),
                    ("told", "release"),
                    ("owned_by", "due_on_day"),
                    ("found", "seen"),
                    ("note", "settled"),
                )
            },
        ),
    )

    def has_decide_permission(self, request: HttpRequest, object_id: object = None) -> bool:
        """Who may say who looks after it, and close it."""
        del object_id
        return request.user.has_perm("profiling.change_finding")

    def get_list_display(self, request: HttpRequest) -> list[Any]:
        """Of those that are closed also when, by whom and why."""
        columns = list(super().get_list_display(request))
        return [*columns, "settled"] if request.GET.get("state") in {"closed", "all"} else columns

    def get_actions_detail(self, request: HttpRequest, object_id: str) -> list[Any]:
        """None once it is closed."""
        finding = self.get_object(request, object_id)
        is_open = finding is not None and finding.closed_at is None
        return list(super().get_actions_detail(request, object_id)) if is_open else []

    @admin.display(description="finding")
    def what(self, finding: Finding) -> SafeString:
        """What is wrong, and in a sentence."""
        return format_html("<div>{}<br>{}</div>", finding_badge(finding), finding.told)

    @admin.display(description="captured statement")
    def of_statement(self, finding: Finding) -> SafeString:
        """Leads to the statement."""
        statement = finding.statement
        page = page_of(_STATEMENT, statement.pk, statement.fingerprint)
        return format_html('<div class="ce-statement">{}<br>{}</div>', page, statement.origin)

    @admin.display(description="due")
    def due_on_day(self, finding: Finding) -> SafeString:
        """By when somebody decides, and how often that was put off."""
        return due(finding)

    @admin.display(description="owner")
    def owned_by(self, finding: Finding) -> str:
        """Who looks after it."""
        return NOTHING if finding.owner is None else finding.owner.get_username()

    @admin.display(description="found")
    def found(self, finding: Finding) -> SafeString:
        """When, and under which release."""
        return format_html(
            '<div>{}<br><span class="ce-muted">{}</span></div>', moment(finding.found_at), finding.release
        )

    @admin.display(description="last found to be so")
    def seen(self, finding: Finding) -> SafeString:
        """When the machine last said so."""
        return moment(finding.seen_at)

    @admin.display(description="closed")
    def settled(self, finding: Finding) -> SafeString | str:
        """When, by whom and why."""
        return settled(finding)

    @detail_button(title="Assign", path="assign", permission="decide")
    def assign(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Owner, note and due date: the form, and what it or the one on the statement's page sends."""
        finding = self.get_object(request, object_id)
        return self.not_there(request, object_id) if finding is None else assigned(request, finding)

    @detail_button(title="Close", path="close", permission="decide")
    def close(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask why, then settle it."""
        finding = self.get_object(request, object_id)
        if finding is None:
            return self.not_there(request, object_id)
        reason, form = reason_in(request)
        if not reason:
            return ask(request, _question(finding), form, self.opts)
        try:
            services.close(finding, actor=actor_of(request), reason=reason)
            self.message_user(request, "Closed.", messages.SUCCESS)
        except NotAllowedNowError as error:
            self.message_user(request, str(error), messages.WARNING)
        return back_from(finding)

    @admin.action(description="Close", permissions=["decide"])
    def close_ticked(self, request: HttpRequest, queryset: "QuerySet[Finding]") -> HttpResponse | None:
        """Ask why, then settle those of the ticked findings that are open: one cause may have made several."""
        del queryset
        # What was ticked, rather than the queryset: one that somebody closed meanwhile is to be reported, not dropped.
        ticked = {int(each) for each in request.POST.getlist(ACTION_CHECKBOX_NAME) if each.isdecimal()}
        reason, form = reason_in(request)
        if not reason:
            hidden = {ACTION_CHECKBOX_NAME: [*map(str, ticked)], "action": ["close_ticked"], "index": ["0"]}
            number = "1 finding" if len(ticked) == 1 else f"{len(ticked)} findings"
            question = Question(f"Close {number}", _CLOSING, "Close", request.get_full_path(), hidden)
            return ask(request, question, form, self.opts)
        closed = services.close_several(ticked, actor=actor_of(request), reason=reason)
        left = "" if closed == len(ticked) else " The others were closed before."
        self.message_user(
            request,
            f"{closed} of {len(ticked)} findings closed.{left}",
            messages.WARNING if left else messages.SUCCESS,
        )
        return None


def _question(finding: Finding) -> Question:
    explanation = f"{finding.told} {_CLOSING}"
    return Question(f"Close: {finding.get_kind_display()}", explanation, "Close", page_before(finding))
