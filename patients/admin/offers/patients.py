"""The patient's page."""

from collections.abc import Mapping

from clinical_engine.jobs import selectors as jobs
from clinical_engine.jobs.admin.cells import JOB_HEADERS, job_cells
from clinical_engine.staff import panels
from clinical_engine.staff.cells import list_url
from clinical_engine.staff.trail import trail_panel
from patients import selectors
from patients.admin.offers.tables import (
    ASSOCIATION_HEADERS,
    SHOWN,
    STATEMENT_HEADERS,
    association_row,
    statement_rows,
)
from patients.admin.timeline.panel import TIMELINE
from patients.models import Patient

_SHOWN_JOBS = 10


def _associations(patient: Patient) -> Mapping[str, object]:
    zone = patient.organisation.zone
    return panels.table(
        ASSOCIATION_HEADERS,
        (association_row(row, zone) for row in selectors.associations_of(patient)[:SHOWN]),
        empty="Never linked to a submitter.",
        more=(
            list_url("admin:patients_association_changelist", patient__id__exact=patient.pk),
            "All associations",
        ),
    )


def _statements(patient: Patient) -> Mapping[str, object]:
    return panels.table(
        STATEMENT_HEADERS,
        statement_rows(
            patient.statements.select_related("submitter").order_by("-effective_at", "-pk")[:SHOWN]
        ),
        empty="Nobody has stated the patient active or inactive.",
        more=(
            list_url("admin:patients_statement_changelist", patient__id__exact=patient.pk),
            "All statements",
        ),
    )


def _jobs(patient: Patient) -> Mapping[str, object]:
    return panels.table(
        JOB_HEADERS,
        (job_cells(job) for job in jobs.jobs().filter(patient_id=patient.pk).order_by("-pk")[:_SHOWN_JOBS]),
        empty="No job yet.",
        more=(
            list_url("admin:jobs_job_changelist", patient_id__exact=patient.pk, state="all"),
            "All jobs",
        ),
    )


def offer() -> None:
    """Register the panels of a patient's page."""
    panels.register(
        "patients.patient",
        TIMELINE,
        panels.Panel("Associations", "patients.view_association", _associations, position=10),
        panels.Panel("Statements", "patients.view_statement", _statements, position=20),
        panels.Panel("Last jobs", "jobs.view_job", _jobs, position=90),
        trail_panel("patient"),
    )
