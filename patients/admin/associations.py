"""Associations: who is linked to whom, over which period."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString

from clinical_engine.staff.cells import Tone, badge, moment
from clinical_engine.staff.filters import Choice, ChoiceFilter, RelatedFilter
from clinical_engine.staff.navigation import Menu
from clinical_engine.staff.search import as_uuid
from patients.admin.search import patient_ids
from patients.admin.statements import AboutPatientAdmin
from patients.models import Association


def state_of(association: Association) -> SafeString:
    """Whether the patient is active with the submitter now."""
    return badge("Open", Tone.GOOD) if association.dissociated_at is None else badge("Ended")


class OpenFilter(ChoiceFilter):
    """By whether the period lasts."""

    title = "state"
    parameter_name = "state"
    choices_by_value = {
        "open": Choice("Open", lambda rows: rows.filter(dissociated_at=None)),
        "ended": Choice("Ended", lambda rows: rows.exclude(dissociated_at=None)),
    }


@admin.register(Association)
class AssociationAdmin(AboutPatientAdmin):
    """A patient and a submitter, linked over a period."""

    menu = Menu(12, "Patients", "link")
    related = ("patient", "submitter", "organisation")
    list_display = ("associated", "dissociated", "of_patient", "of_submitter", "of_organisation", "state")
    list_filter = (OpenFilter, ("organisation", RelatedFilter), ("submitter", RelatedFilter))
    ordering = ("-pk",)
    search_fields = ("patient__external_id",)
    search_help_text = "Patient's external id or UUID (whole)"
    fieldsets = (
        (
            None,
            {
                "fields": (
                    ("of_patient", "of_submitter"),
                    ("of_organisation", "state"),
                    ("associated", "dissociated"),
                )
            },
        ),
        (None, {"fields": ("created_at",)}),
    )

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Association], search_term: str
    ) -> tuple[QuerySet[Association], bool]:
        """By either id of the patient."""
        del request
        term = search_term.strip()
        if not term:
            return queryset, False
        identifier = as_uuid(term)
        return queryset.filter(
            patient_id__in=patient_ids(term) if identifier is None else [identifier]
        ), False

    @admin.display(description="from")
    def associated(self, association: Association) -> SafeString:
        """The period's beginning, in the organisation's zone."""
        return moment(association.associated_at, association.organisation.zone)

    @admin.display(description="until")
    def dissociated(self, association: Association) -> SafeString:
        """The period's end, itself outside, in the organisation's zone."""
        return moment(association.dissociated_at, association.organisation.zone)

    @admin.display(description="state")
    def state(self, association: Association) -> SafeString:
        """Open or ended."""
        return state_of(association)
