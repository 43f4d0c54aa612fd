"""Facts: what is said of a patient's sex, birth year and SpO2 scale, and whether it counts."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString

from clinical_engine.staff.cells import moment
from clinical_engine.staff.filters import Choice, ChoiceFilter, RelatedFilter, ValueFilter
from clinical_engine.staff.navigation import Menu
from patients.admin.facts.cells import status_of
from patients.admin.facts.retracting import RetractingFacts
from patients.admin.statements import AboutPatientAdmin
from patients.models import PatientFact
from patients.models.facts import is_taken_back


class FactStateFilter(ChoiceFilter):
    """By whether somebody took it back."""

    title = "state"
    parameter_name = "state"
    choices_by_value = {
        "standing": Choice("Not taken back", lambda rows: rows.filter(~is_taken_back())),
        "error": Choice("Entered in error", lambda rows: rows.filter(is_taken_back())),
    }


@admin.register(PatientFact)
class PatientFactAdmin(RetractingFacts, AboutPatientAdmin):
    """From a time on this holds of a patient."""

    menu = Menu(14, "Patients", "person_book")
    related = ("patient", "organisation", "api_client", "actor")
    list_display = ("effective", "name", "value", "of_patient", "of_organisation", "source", "state")
    list_filter = (
        FactStateFilter,
        ("name", ValueFilter),
        ("source", ValueFilter),
        ("organisation", RelatedFilter),
    )
    ordering = ("-pk",)
    # By any other column a table of millions would be sorted for fifty rows.
    sortable_by = ()
    fieldsets = (
        (
            None,
            {
                "fields": (
                    ("name", "value"),
                    ("effective", "state"),
                    ("of_patient", "of_organisation"),
                )
            },
        ),
        (
            "Where it came from",
            {"fields": (("source", "sender"), ("reason", "recorded_at"), ("client_id", "shown_id"))},
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """With whether each counts."""
        facts: Any = super().get_queryset(request)
        rows: QuerySet[Any] = facts.with_status()
        return rows

    @admin.display(description="since")
    def effective(self, fact: PatientFact) -> SafeString:
        """Since when, in the organisation's zone."""
        return moment(fact.effective_from, fact.organisation.zone)

    @admin.display(description="state")
    def state(self, fact: Any) -> SafeString:  # noqa: ANN401 - an annotated row
        """Holds now, counts for another time, or entered in error."""
        return status_of(fact)

    @admin.display(description="said by")
    def sender(self, fact: PatientFact) -> str:
        """The API client, or the member of staff."""
        return str(fact.api_client or fact.actor or fact.get_source_display())
