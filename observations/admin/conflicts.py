"""Measurements that came a second time with other content, and how that was resolved."""

from collections.abc import Mapping
from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString

from clinical_engine.staff.cells import NOTHING, moment, moment_text, page_of
from clinical_engine.staff.filters import Choice, ChoiceFilter, RelatedFilter
from clinical_engine.staff.navigation import Menu
from observations.admin.cells import measured
from observations.admin.contents import both_contents
from observations.admin.corrections import state_of_conflict
from observations.admin.outlook import outlook_of
from observations.admin.patient_conflicts import PatientFilter
from observations.admin.resolving import Resolving, open_prospect
from observations.catalogue import catalogue
from observations.intake.resolving import client_id_of_second
from observations.models import Code, ConflictResolution, Measurement, MeasurementConflict


class ResolvedFilter(ChoiceFilter):
    """By whether, and how, staff have resolved it."""

    title = "state"
    parameter_name = "state"
    choices_by_value = {
        "unresolved": Choice("Unresolved", lambda rows: rows.filter(resolved_at=None)),
        "kept": Choice(
            "The first stands", lambda rows: rows.filter(resolution=ConflictResolution.KEPT_FIRST)
        ),
        "taken": Choice(
            "The second replaced the first",
            lambda rows: rows.filter(resolution=ConflictResolution.TOOK_SECOND),
        ),
    }


@admin.register(MeasurementConflict)
class MeasurementConflictAdmin(Resolving):
    """Sent again under a client id that was used before, with other content: the first one stands until staff decide otherwise."""

    menu = Menu(32, "Measurements and results", "call_split")
    related = ("organisation", "code", "measurement__code", "measurement__patient", "resolved_by")
    list_display = ("received", "state", "second", "first", "of_organisation", "client_id")
    list_filter = (ResolvedFilter, ("organisation", RelatedFilter), ("code", RelatedFilter), PatientFilter)
    ordering = ("-pk",)
    sortable_by = ("received",)
    search_fields = ("external_id",)
    search_help_text = "Patient's external id, or the sender's own id (each whole)"
    change_form_outer_before_template = "admin/observations/contents.html"
    fieldsets = (
        (None, {"fields": (("of_organisation", "received"), ("client_id", "state"))}),
        ("How it was resolved", {"fields": (("resolver", "resolved"), "resolved_because", "taken_as")}),
    )

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[MeasurementConflict], search_term: str
    ) -> tuple[QuerySet[MeasurementConflict], bool]:
        """Conflicts are few: by either patient or the sender's id."""
        del request
        term = search_term.strip()
        if not term:
            return queryset, False
        wanted = (
            Q(external_id=term) | Q(measurement__client_id=term) | Q(measurement__patient__external_id=term)
        )
        return queryset.filter(wanted), False

    def prepare(self, request: HttpRequest, rows: Any) -> None:  # noqa: ANN401 - rows with what their cells need
        """The catalogue, once for the page."""
        del request
        codes = catalogue()
        for row in rows:
            row.codes = codes

    def above_facts(self, request: HttpRequest, conflict: Any) -> Mapping[str, object]:  # noqa: ANN401 - the page's row
        """Both contents, and the outlook; what the second became is looked up for the facts."""
        del request
        conflict.taken = _taken(conflict)
        return {
            "contents": both_contents(conflict),
            "outlook": outlook_of(conflict, open_prospect(conflict)),
        }

    @admin.display(description="came in", ordering="pk")
    def received(self, conflict: MeasurementConflict) -> SafeString:
        """When, in the organisation's zone."""
        return moment(conflict.received_at, conflict.organisation.zone)

    @admin.display(description="state")
    def state(self, conflict: MeasurementConflict) -> SafeString:
        """Unresolved, or how it was resolved."""
        return state_of_conflict(conflict)

    @admin.display(description="sent first")
    def first(self, conflict: Any) -> SafeString:  # noqa: ANN401 - a prepared row
        """Stands unless the second was taken."""
        sent = conflict.measurement
        when = moment_text(sent.measured_at, conflict.organisation.zone)
        text = _said(sent.patient.external_id, sent.code, measured(sent, conflict.codes), when)
        return page_of("admin:observations_measurement_change", sent.pk, text)

    @admin.display(description="sent later")
    def second(self, conflict: Any) -> str:  # noqa: ANN401 - a prepared row
        """Kept beside the first."""
        when = moment_text(conflict.measured_at, conflict.organisation.zone)
        return _said(conflict.external_id, conflict.code, measured(conflict, conflict.codes), when)

    @admin.display(description="organisation")
    def of_organisation(self, conflict: MeasurementConflict) -> str:
        """Whose."""
        return conflict.organisation.name

    @admin.display(description="sender's own id")
    def client_id(self, conflict: MeasurementConflict) -> str:
        """Used twice."""
        return conflict.measurement.client_id

    @admin.display(description="by whom")
    def resolver(self, conflict: MeasurementConflict) -> str:
        """The member of staff."""
        return NOTHING if conflict.resolved_by is None else conflict.resolved_by.get_username()

    @admin.display(description="when")
    def resolved(self, conflict: MeasurementConflict) -> SafeString:
        """When, in the organisation's zone."""
        return moment(conflict.resolved_at, conflict.organisation.zone)

    @admin.display(description="stored as")
    def taken_as(self, conflict: Any) -> SafeString | str:  # noqa: ANN401 - the page's row, looked up for it
        """The measurement that the second content became."""
        if conflict.taken is None:
            return NOTHING
        return page_of("admin:observations_measurement_change", conflict.taken.pk, conflict.taken.client_id)


def _taken(conflict: MeasurementConflict) -> Measurement | None:
    if conflict.resolution != ConflictResolution.TOOK_SECOND:
        return None
    return Measurement.objects.get(
        organisation=conflict.organisation_id, client_id=client_id_of_second(conflict)
    )


def _said(patient: str, code: Code, value: str, when: str) -> str:
    return f"{patient}: {code.display} {value}, {when}"
