"""What the pages of a patient and of a fact show of facts."""

from collections.abc import Mapping

from django.db.models import Case, QuerySet, Value, When

from clinical_engine.staff import links, panels
from clinical_engine.staff.cells import list_url, moment, page_of
from clinical_engine.staff.trail import trail_panel
from patients.admin.facts.cells import status_of
from patients.models import FactConflict, FactRetraction, FactStatus, Patient, PatientFact
from patients.selectors import all_facts_of

_PAGE = "admin:patients_patientfact_change"
_SHOWN = 20


def facts_panel(patient: Patient) -> Mapping[str, object]:
    """What holds now, and then all that was ever said, the latest first; one query."""
    zone = patient.organisation.zone
    is_past = Case(When(status=FactStatus.HOLDS.value, then=Value(0)), default=Value(1))
    rows = all_facts_of(patient).order_by(is_past, "-effective_from", "-client_id")[:_SHOWN]
    return panels.table(
        ("Fact", "Value", "Since", "Source", "Recorded", "State"),
        (
            (
                page_of(_PAGE, row.pk, row.get_name_display()),
                row.value,
                moment(row.effective_from, zone),
                row.get_source_display(),
                moment(row.recorded_at, zone),
                status_of(row),
            )
            for row in rows
        ),
        empty="Neither sex, birth year nor SpO2 scale is known.",
        more=(
            list_url("admin:patients_patientfact_changelist", patient__id__exact=patient.pk),
            "All facts",
        ),
    )


def retractions_of(fact: PatientFact) -> QuerySet[FactRetraction]:
    """What was accepted that takes the fact back: at most one."""
    return FactRetraction.objects.filter(organisation=fact.organisation_id, client_id=fact.client_id)


def _retractions(fact: PatientFact) -> Mapping[str, object]:
    zone = fact.organisation.zone
    rows = retractions_of(fact).select_related("api_client", "actor")
    return panels.table(
        ("Why", "By whom", "When"),
        ((row.reason, str(row.actor or row.api_client), moment(row.recorded_at, zone)) for row in rows),
        empty="Nobody has said so.",
    )


def _conflicts(fact: PatientFact) -> Mapping[str, object]:
    zone = fact.organisation.zone
    rows = FactConflict.objects.filter(fact=fact).order_by("-pk")[:_SHOWN]
    return panels.table(
        ("Came in", "Patient", "What", "Since"),
        (
            (
                page_of("admin:patients_factconflict_change", row.pk, moment(row.received_at, zone)),
                row.external_id,
                f"{row.get_name_display()}: {row.value}",
                moment(row.effective_from, zone),
            )
            for row in rows
        ),
        empty="None.",
    )


def offer() -> None:
    """Register the panels, and the link to a fact."""
    may_see = "patients.view_patientfact"
    panels.register("patients.patient", panels.Panel("Facts", may_see, facts_panel, position=15))
    panels.register(
        "patients.patientfact",
        panels.Panel("Entered in error", may_see, _retractions, position=10),
        panels.Panel("Conflicts", "patients.view_factconflict", _conflicts, position=20),
        trail_panel("fact"),
    )
    links.register("fact", links.Target(_PAGE, may_see))
