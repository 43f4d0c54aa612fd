"""Reading patients, statements and associations, within the organisations of who asks."""

from collections.abc import Collection
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from django.db.models import QuerySet
from django.utils import timezone

from clinical_engine.common.database import array_literal, fetch_all
from patients.models import Association, Patient, PatientFact, Statement


class StandingFact(NamedTuple):
    """A fact that nobody took back. `value` is the stored text: "female", "1950", "2"."""

    patient_id: UUID
    id: UUID
    name: str
    value: str
    effective_from: datetime


def patient_for(organisation_ids: Collection[UUID], patient_id: UUID) -> Patient | None:
    """The patient, if it belongs to one of the organisations."""
    return Patient.objects.filter(pk=patient_id, organisation_id__in=organisation_ids).first()


def patient_by_external_id(organisation_id: UUID, external_id: str) -> Patient | None:
    """The patient that the vitals app knows by this id."""
    return Patient.objects.filter(organisation_id=organisation_id, external_id=external_id).first()


def associations_of(patient: Patient) -> QuerySet[Association]:
    """The patient's associations with their submitters, the latest first."""
    return patient.associations.select_related("submitter").order_by("-associated_at", "submitter_id")


def overdue_statements() -> QuerySet[Statement]:
    """Accepted statements that the associations do not show although they should by now; the longest waiting first."""
    return Statement.objects.filter(fulfilled_at=None, due_at__lt=timezone.now()).order_by("due_at")


def unfulfilled_statements_of(patient: Patient) -> QuerySet[Statement]:
    """The patient's statements that the associations do not show yet."""
    return patient.statements.filter(fulfilled_at=None).select_related("submitter").order_by("effective_at")


def fact_for(organisation_ids: Collection[UUID], fact_id: UUID) -> PatientFact | None:
    """The fact, if it belongs to one of the organisations."""
    return PatientFact.objects.filter(pk=fact_id, organisation_id__in=organisation_ids).first()


def all_facts_of(patient: Patient) -> QuerySet[Any]:
    """The patient's facts, each with its `status`, those that were taken back too; by name, the latest first."""
    return patient.facts.with_status().order_by("name", "-effective_from", "-client_id")


def facts_of(patients: Collection[UUID]) -> list[StandingFact]:
    """The facts of these patients that nobody took back; one query, ordered by (effective_from, client_id).

    Of a patient and a name the last one with `effective_from` at or before a time holds at that time, and before the first none.
    """
    return [StandingFact(*row) for row in fetch_all(_STANDING_FACTS, [array_literal(patients)])]


_STANDING_FACTS = """
    SELECT fact.patient_id, fact.id, fact.name, fact.value, fact.effective_from
    FROM patients_patientfact fact
    WHERE fact.patient_id = ANY(%s::uuid[]) AND NOT EXISTS (
        SELECT FROM patients_factretraction retraction
        WHERE retraction.organisation_id = fact.organisation_id AND retraction.client_id = fact.client_id
    )
    ORDER BY fact.effective_from, fact.client_id
"""
