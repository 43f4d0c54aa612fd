"""Measurements: the value, whether it counts, and if not why."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString

from clinical_engine.staff.cells import moment
from clinical_engine.staff.filters import ChoiceFilter, RelatedFilter, ValueFilter, since
from clinical_engine.staff.navigation import Menu
from observations.admin import held
from observations.admin.cells import measured
from observations.models import Measurement
from patients.admin.statements import AboutPatientAdmin


class MeasuredFilter(ChoiceFilter):
    """By when it was measured."""

    title = "measured"
    parameter_name = "measured"
    choices_by_value = since("measured_at")


@admin.register(Measurement)
class MeasurementAdmin(AboutPatientAdmin):
    """One reading, as sent."""

    menu = Menu(30, "Measurements and results", "vital_signs")
    related = ("patient", "code", "organisation", "api_client", "association__submitter")
    list_display = (
        "measured",
        "code",
        "value",
        "of_patient",
        "of_organisation",
        "state",
        "held_for",
        "reason",
    )
    list_filter = (
        held.HeldFilter,
        MeasuredFilter,
        ("code", RelatedFilter),
        ("organisation", RelatedFilter),
        ("source", ValueFilter),
    )
    ordering = ("-pk",)
    fieldsets = (
        (None, {"fields": (("code", "value"), ("measured", "as_sent"), ("of_patient", "of_organisation"))}),
        ("Does it count?", {"fields": (("state", "covered_by"), ("reason", "held_for"))}),
        (
            "Where it came from",
            {"fields": (("source", "sender"), ("client_id", "shown_id"), ("received_at", "due_at"))},
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """With what tells why one is held."""
        return held.with_reasons(super().get_queryset(request))

    @admin.display(description="measured")
    def measured(self, measurement: Measurement) -> SafeString:
        """When, in the organisation's zone."""
        return moment(measurement.measured_at, measurement.organisation.zone)

    @admin.display(description="by the sender's clock")
    def as_sent(self, measurement: Measurement) -> str:
        """When, with the offset it was sent with."""
        return f"{measurement.local_measured_at:%Y-%m-%d %H:%M:%S %z}"

    @admin.display(description="value")
    def value(self, measurement: Measurement) -> str:
        """With its unit."""
        return measured(measurement)

    @admin.display(description="state")
    def state(self, measurement: Measurement) -> SafeString:
        """Counted, held, overdue or outside every period."""
        return held.state(measurement)

    @admin.display(description="held for")
    def held_for(self, measurement: Measurement) -> str:
        """How long."""
        return held.held_for(measurement)

    @admin.display(description="why it is held")
    def reason(self, measurement: Measurement) -> str:
        """In words."""
        return held.reason(measurement)

    @admin.display(description="counts for")
    def covered_by(self, measurement: Measurement) -> str:
        """The submitter whose association covers it."""
        association = measurement.association
        return "" if association is None else association.submitter.name

    @admin.display(description="sent by")
    def sender(self, measurement: Measurement) -> str:
        """The API client, or the import."""
        return str(measurement.api_client or measurement.get_source_display())
