"""Everything the API says of a patient, from this app and those below it."""

from typing import Any

from django.db.models import Count, Min

from clinical_engine.jobs.api.views import describe as describe_job
from clinical_engine.jobs.selectors import last_job_of_patient
from observations.selectors import held_measurements_of
from patients.models import Patient
from patients.selectors import all_facts_of, associations_of, unfulfilled_statements_of


def describe_patient(patient: Patient) -> dict[str, Any]:
    """The patient as `PatientSerializer` shows it; a constant number of queries."""
    associations = list(associations_of(patient))
    job = last_job_of_patient(patient.id)
    return {
        "id": patient.id,
        "organisation_id": patient.organisation_id,
        "external_id": patient.external_id,
        "linked": any(association.dissociated_at is None for association in associations),
        "associations": associations,
        "waiting_statements": unfulfilled_statements_of(patient),
        "facts": all_facts_of(patient),
        "held_measurements": held_measurements_of(patient).aggregate(
            count=Count("pk"), oldest_measured_at=Min("measured_at")
        ),
        "last_job": describe_job(job) if job else None,
    }
