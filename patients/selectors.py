"""Reading patients, statements and associations, within the organisations of who asks."""

from collections.abc import Collection
from uuid import UUID

from django.db.models import QuerySet
from django.utils import timezone

from patients.models import Association, Patient, Statement


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
