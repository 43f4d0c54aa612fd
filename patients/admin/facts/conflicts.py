"""Facts that came a second time with other content."""

from django.contrib import admin
from django.utils.safestring import SafeString

from clinical_engine.staff.cells import moment_text, page_of
from clinical_engine.staff.navigation import Menu
from patients.admin.conflicts import ConflictAdmin
from patients.models import FactConflict, PatientFact


@admin.register(FactConflict)
class FactConflictAdmin(ConflictAdmin):
    """A fact in conflict with one that stands."""

    menu = Menu(15, "Patients", "call_split")
    original = "fact"
    related = ("organisation", "fact__patient")

    @admin.display(description="first said, and in force")
    def first(self, conflict: FactConflict) -> SafeString:
        """What stands."""
        said = conflict.fact
        text = _said(said.patient.external_id, said, conflict)
        return page_of("admin:patients_patientfact_change", said.pk, text)

    @admin.display(description="said later, not in force")
    def second(self, conflict: FactConflict) -> str:
        """What was refused."""
        return _said(conflict.external_id, conflict, conflict)


def _said(patient: str, row: PatientFact | FactConflict, conflict: FactConflict) -> str:
    since = moment_text(row.effective_from, conflict.organisation.zone)
    return f"{patient}: {row.get_name_display()} {row.value} since {since}"
