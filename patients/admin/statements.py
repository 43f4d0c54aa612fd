"""Statements, and those that came a second time with other content."""

from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.safestring import SafeString

from clinical_engine.staff import links
from clinical_engine.staff.admin import StaffModelAdmin
from clinical_engine.staff.cells import Tone, ago, badge, identifier, moment, moment_text, page_of
from clinical_engine.staff.filters import Choice, ChoiceFilter, RelatedFilter, ValueFilter
from clinical_engine.staff.navigation import Menu
from patients.admin.conflicts import ConflictAdmin
from patients.admin.search import rows_matching
from patients.models import Statement, StatementConflict
from patients.selectors import overdue_statements


def state_of(statement: Statement) -> SafeString:
    """Fulfilled, waiting, or overdue for how long."""
    if statement.fulfilled_at is not None:
        return badge("Fulfilled", Tone.GOOD)
    if statement.due_at < timezone.now():
        return badge(f"Overdue for {ago(statement.due_at)}", Tone.BAD)
    return badge("Waiting", Tone.WAITING)


class StatementStateFilter(ChoiceFilter):
    """By whether the associations show it."""

    title = "state"
    parameter_name = "state"
    choices_by_value = {
        "overdue": Choice("Overdue", lambda rows: rows.filter(pk__in=overdue_statements().values("pk"))),
        "unfulfilled": Choice("Waiting or overdue", lambda rows: rows.filter(fulfilled_at=None)),
        "fulfilled": Choice("Fulfilled", lambda rows: rows.exclude(fulfilled_at=None)),
    }


class AboutPatientAdmin(StaffModelAdmin):
    """Rows about a patient: what their pages have in common."""

    search_fields = ("client_id",)
    search_help_text = "Patient's external id or UUID, or the sender's own id (each whole)"

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """By any id that a person has at hand, each of them whole."""
        del request
        term = search_term.strip()
        return (queryset.filter(rows_matching(term)) if term else queryset), False

    @admin.display(description="patient")
    def of_patient(self, row: Any) -> SafeString:  # noqa: ANN401 - any row about a patient
        """Leads to the patient."""
        return page_of("admin:patients_patient_change", row.patient_id, row.patient.external_id)

    @admin.display(description="organisation")
    def of_organisation(self, row: Any) -> SafeString:  # noqa: ANN401 - any row about a patient
        """Leads to the organisation."""
        return page_of("admin:submitters_organisation_change", row.organisation_id, row.organisation.name)

    @admin.display(description="submitter")
    def of_submitter(self, row: Any) -> SafeString:  # noqa: ANN401 - any row about a patient and a submitter
        """Leads to the submitter."""
        return page_of("admin:submitters_submitter_change", row.submitter_id, row.submitter.name)

    @admin.display(description="UUID")
    def shown_id(self, row: Any) -> SafeString:  # noqa: ANN401 - any row
        """By which the API names it."""
        return identifier(row.pk)


@admin.register(Statement)
class StatementAdmin(AboutPatientAdmin):
    """An accepted 'active since' or 'inactive since'."""

    menu = Menu(11, "Patients", "campaign")
    related = ("patient", "submitter", "organisation", "api_client", "actor")
    list_display = (
        "effective",
        "kind",
        "of_patient",
        "of_submitter",
        "of_organisation",
        "source",
        "state",
        "job",
    )
    list_filter = (
        StatementStateFilter,
        ("kind", ValueFilter),
        ("source", ValueFilter),
        ("organisation", RelatedFilter),
        ("submitter", RelatedFilter),
    )
    ordering = ("-pk",)
    fieldsets = (
        (
            None,
            {"fields": (("kind", "effective"), ("of_patient", "of_submitter"), ("of_organisation", "state"))},
        ),
        ("Where it came from", {"fields": (("source", "sender"), ("client_id", "shown_id"))}),
        ("What became of it", {"fields": (("received_at", "due_at"), ("fulfilled_at", "job"))}),
    )

    def prepare(self, request: HttpRequest, rows: Sequence[Statement]) -> None:
        """Links to the jobs."""
        links.attach(request.user, rows, {"job_id": "job"})

    @admin.display(description="effective")
    def effective(self, statement: Statement) -> SafeString:
        """Since when, in the organisation's zone."""
        return moment(statement.effective_at, statement.organisation.zone)

    @admin.display(description="state")
    def state(self, statement: Statement) -> SafeString:
        """Whether the associations show it."""
        return state_of(statement)

    @admin.display(description="job")
    def job(self, statement: Statement) -> SafeString | str:
        """The job that was to fulfil it."""
        return links.shown(statement, "job_id")

    @admin.display(description="said by")
    def sender(self, statement: Statement) -> str:
        """The API client, or the member of staff."""
        return str(statement.api_client or statement.actor or statement.get_source_display())


@admin.register(StatementConflict)
class StatementConflictAdmin(ConflictAdmin):
    """A statement in conflict with one that stands."""

    menu = Menu(13, "Patients", "call_split")
    original = "statement"
    related = ("organisation", "submitter", "statement__submitter", "statement__patient")

    @admin.display(description="first said, and in force")
    def first(self, conflict: StatementConflict) -> SafeString:
        """What stands."""
        said = conflict.statement
        text = _said(said.get_kind_display(), said.patient.external_id, said, conflict)
        return page_of("admin:patients_statement_change", said.pk, text)

    @admin.display(description="said later, not in force")
    def second(self, conflict: StatementConflict) -> str:
        """What was refused."""
        return _said(conflict.get_kind_display(), conflict.external_id, conflict, conflict)


def _said(kind: str, patient: str, row: Statement | StatementConflict, conflict: StatementConflict) -> str:
    since = moment_text(row.effective_at, conflict.organisation.zone)
    return f"{patient}: {kind.lower()} {since}, {row.submitter.name}"
