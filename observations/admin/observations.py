"""Observations: computed values, and from what they were computed."""

from typing import Any

from django.contrib import admin
from django.contrib.admin import ModelAdmin
from django.db.models import ForeignKey, QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString

from clinical_engine.staff.cells import Tone, badge, code_block, moment, moment_text, page_of
from clinical_engine.staff.filters import Choice, ChoiceFilter, RelatedFilter, since
from clinical_engine.staff.navigation import Menu
from clinical_engine.staff.search import as_uuid
from observations.admin.cells import computed, interpreted
from observations.admin.why.page import Explaining
from observations.models import Code, Observation
from patients.admin.search import patient_ids
from patients.admin.statements import AboutPatientAdmin


class CurrentFilter(ChoiceFilter):
    """By whether it stands."""

    title = "state"
    parameter_name = "state"
    choices_by_value = {
        "current": Choice("Current", lambda rows: rows.filter(superseded_at=None)),
        "superseded": Choice("Superseded", lambda rows: rows.exclude(superseded_at=None)),
        "none": Choice("Not computable", lambda rows: rows.filter(value__isnull=True)),
    }


class AsOfFilter(ChoiceFilter):
    """By the time as of which it was computed."""

    title = "as of"
    parameter_name = "as_of"
    choices_by_value = since("as_of")


class ResultCodeFilter(RelatedFilter):
    """By code: only those of results, since nobody looks for a result under a reading's code."""

    def field_choices(
        self, field: "ForeignKey[Code, Code]", request: HttpRequest, model_admin: "ModelAdmin[Any]"
    ) -> list[tuple[Any, str]]:
        """The codes of results."""
        ordering = self.field_admin_ordering(field, request, model_admin)
        only = {"is_computed": True}
        choices: Any = field.get_choices(include_blank=False, ordering=ordering, limit_choices_to=only)
        return list(choices)


@admin.register(Observation)
class ObservationAdmin(Explaining, AboutPatientAdmin):
    """What a script version computed about a patient as of a time."""

    menu = Menu(31, "Measurements and results", "analytics")
    related = ("patient", "organisation", "code", "script", "script_version__script")
    list_display = (
        "as_of_time",
        "code",
        "shown_value",
        "meaning",
        "of_patient",
        "of_organisation",
        "state",
        "version",
    )
    list_filter = (
        CurrentFilter,
        AsOfFilter,
        ("script", RelatedFilter),
        ("code", ResultCodeFilter),
        ("organisation", RelatedFilter),
    )
    ordering = ("-pk",)
    search_fields = ("patient__external_id",)
    search_help_text = "Patient's external id or UUID, or the observation's UUID (whole)"
    fieldsets = (
        (
            None,
            {
                "fields": (
                    ("code", "exact_value"),
                    ("of_patient", "of_organisation"),
                    ("as_of_time", "state"),
                    ("meaning",),
                )
            },
        ),
        (
            "How it was computed",
            {"fields": (("version", "computed_at"), ("superseded_because", "shown_id"), "source")},
        ),
    )

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Observation], search_term: str
    ) -> tuple[QuerySet[Observation], bool]:
        """By either id of the patient, or its own."""
        del request
        term = search_term.strip()
        if not term:
            return queryset, False
        identifier = as_uuid(term)
        if identifier is None:
            return queryset.filter(patient_id__in=patient_ids(term)), False
        return queryset.filter(pk=identifier) | queryset.filter(patient_id=identifier), False

    @admin.display(description="as of")
    def as_of_time(self, observation: Observation) -> SafeString:
        """In the organisation's zone."""
        return moment(observation.as_of, observation.organisation.zone)

    @admin.display(description="value")
    def shown_value(self, observation: Observation) -> str:
        """Rounded."""
        return computed(observation)

    @admin.display(description="value, not rounded")
    def exact_value(self, observation: Observation) -> str:
        """As it was computed."""
        return computed(observation, whole=True)

    @admin.display(description="interpretation")
    def meaning(self, observation: Observation) -> SafeString | str:
        """What it means for the patient, as its script says."""
        return interpreted(observation)

    @admin.display(description="state")
    def state(self, observation: Observation) -> SafeString:
        """Current, or superseded since when."""
        if observation.superseded_at is None:
            return badge("Current", Tone.GOOD)
        return badge(f"Superseded {moment_text(observation.superseded_at)}")

    @admin.display(description="script version")
    def version(self, observation: Observation) -> SafeString:
        """Leads to the version."""
        version = observation.script_version
        return page_of(
            "admin:observations_scriptversion_change", version.pk, f"{version.script.name} v{version.number}"
        )

    @admin.display(description="script")
    def source(self, observation: Any) -> SafeString:  # noqa: ANN401 - a row with its script version
        """The version's text, beside what it gave."""
        return code_block(observation.script_version.source)
