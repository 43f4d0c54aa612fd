"""Measurements: the value, whether it counts, and if not why."""

from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import linebreaks
from django.utils.safestring import SafeString, mark_safe

from clinical_engine.staff.cells import moment
from clinical_engine.staff.filters import ChoiceFilter, RelatedFilter, ValueFilter, since
from clinical_engine.staff.navigation import Menu
from observations.admin import held
from observations.admin.cells import canonical, in_full, measured
from observations.admin.exporting import Exporting
from observations.admin.retracting import Retracting
from observations.catalogue import catalogue
from observations.models import Measurement
from patients.admin.statements import AboutPatientAdmin


class MeasuredFilter(ChoiceFilter):
    """By when it was measured."""

    title = "measured"
    parameter_name = "measured"
    choices_by_value = since("measured_at")


@admin.register(Measurement)
class MeasurementAdmin(Retracting, Exporting, AboutPatientAdmin):
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
        "flag",
        "held_for",
        "reason",
    )
    list_filter = (
        held.HeldFilter,
        held.FlagFilter,
        MeasuredFilter,
        ("code", RelatedFilter),
        ("organisation", RelatedFilter),
        ("source", ValueFilter),
    )
    ordering = ("-pk",)
    # By any other column a table of millions would be sorted for fifty rows.
    sortable_by = ("held_for",)
    fieldsets = (
        (
            None,
            {
                "fields": (
                    ("code", "flag"),
                    ("whole_value", "canonical_value"),
                    ("measured", "as_sent"),
                    ("of_patient", "of_organisation"),
                )
            },
        ),
        ("Does it count?", {"fields": (("state", "covered_by"), ("reason", "held_for"))}),
        (
            "Where it came from",
            {"fields": (("source", "sender"), ("client_id", "shown_id"), ("received_at", "due_at"))},
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """With what tells why one is held."""
        return held.with_reasons(super().get_queryset(request))

    def prepare(self, request: HttpRequest, rows: Sequence[Any]) -> None:
        """The catalogue, once for the page."""
        super().prepare(request, rows)
        codes = catalogue()
        for row in rows:
            row.codes = codes

    @admin.display(description="measured")
    def measured(self, measurement: Measurement) -> SafeString:
        """When, in the organisation's zone."""
        return moment(measurement.measured_at, measurement.organisation.zone)

    @admin.display(description="by the sender's clock")
    def as_sent(self, measurement: Measurement) -> str:
        """When, with the offset it was sent with."""
        return f"{measurement.local_measured_at:%Y-%m-%d %H:%M:%S %z}"

    @admin.display(description="value")
    def value(self, measurement: Any) -> str:  # noqa: ANN401 - a prepared row
        """With its unit, and in the canonical one where that is another."""
        converted = canonical(measurement, measurement.codes)
        sent = measured(measurement, measurement.codes)
        return f"{sent} ({converted})" if converted else sent

    @admin.display(description="value as sent")
    def whole_value(self, measurement: Any) -> SafeString | str:  # noqa: ANN401 - a prepared row
        """With its unit; a text whole, with its lines. Several values stand in a panel of their own."""
        if measurement.value_text is not None:
            return mark_safe(linebreaks(measurement.value_text, autoescape=True))  # noqa: S308 - escaped by `linebreaks`
        return in_full(measurement) or f"{len(measurement.components)} values, item by item below"

    @admin.display(description="in the canonical unit")
    def canonical_value(self, measurement: Any) -> str:  # noqa: ANN401 - a prepared row
        """Where it was sent in another unit."""
        return canonical(measurement, measurement.codes)

    @admin.display(description="state")
    def state(self, measurement: Measurement) -> SafeString:
        """Counted, held, overdue, outside every period, or taken back."""
        return held.state(measurement)

    @admin.display(description="flag")
    def flag(self, measurement: Measurement) -> SafeString | str:
        """Whether it was implausible when it came in."""
        return held.flag(measurement)

    # The keys are UUIDv7: in their order things came in, and their index gives it without sorting.
    @admin.display(description="held for", ordering="-pk")
    def held_for(self, measurement: Measurement) -> str:
        """How long."""
        return held.held_for(measurement)

    @admin.display(description="why it is held")
    def reason(self, measurement: Measurement) -> str:
        """In words."""
        return held.reason(measurement)

    @admin.display(description="counts for")
    def covered_by(self, measurement: Measurement) -> str:
        """The submitter whose association covers it; none for what was taken back."""
        association = measurement.association
        return association.submitter.name if association is not None and held.is_standing(measurement) else ""

    @admin.display(description="sent by")
    def sender(self, measurement: Measurement) -> str:
        """The API client, or the import."""
        return str(measurement.api_client or measurement.get_source_display())
