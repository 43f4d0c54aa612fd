"""Measurements that came a second time with other content."""

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString

from clinical_engine.staff.admin import StaffModelAdmin
from clinical_engine.staff.cells import moment_text, page_of
from clinical_engine.staff.filters import RelatedFilter
from clinical_engine.staff.navigation import Menu
from observations.admin.cells import measured
from observations.models import Code, MeasurementConflict, Valued


@admin.register(MeasurementConflict)
class MeasurementConflictAdmin(StaffModelAdmin):
    """Sent again under a client id that was used before, with other content: the first one stands."""

    menu = Menu(32, "Measurements and results", "call_split")
    related = ("organisation", "code", "measurement__code", "measurement__patient")
    list_display = ("received_at", "second", "first", "of_organisation", "client_id")
    list_filter = (("organisation", RelatedFilter), ("code", RelatedFilter))
    ordering = ("-pk",)
    search_fields = ("external_id",)
    search_help_text = "Patient's external id, or the sender's own id (each whole)"
    fieldsets = ((None, {"fields": ("received_at", "of_organisation", "client_id", "first", "second")}),)

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

    @admin.display(description="first sent, and in force")
    def first(self, conflict: MeasurementConflict) -> SafeString:
        """What stands."""
        sent = conflict.measurement
        when = moment_text(sent.measured_at, conflict.organisation.zone)
        text = _said(sent.patient.external_id, sent.code, sent, when)
        return page_of("admin:observations_measurement_change", sent.pk, text)

    @admin.display(description="sent later, not in force")
    def second(self, conflict: MeasurementConflict) -> str:
        """What was refused."""
        when = moment_text(conflict.measured_at, conflict.organisation.zone)
        return _said(conflict.external_id, conflict.code, conflict, when)

    @admin.display(description="organisation")
    def of_organisation(self, conflict: MeasurementConflict) -> str:
        """Whose."""
        return conflict.organisation.name

    @admin.display(description="sender's own id")
    def client_id(self, conflict: MeasurementConflict) -> str:
        """Used twice."""
        return conflict.measurement.client_id


def _said(patient: str, code: Code, row: Valued, when: str) -> str:
    return f"{patient}: {code.display} {measured(row)}, {when}"
