"""Searching by what a person has at hand: an id of ours, the vitals app's id of a patient, or a sender's id of a row."""

from uuid import UUID

from django.db.models import Q

from clinical_engine.staff.search import as_uuid
from patients.models import Patient
from submitters.models import Organisation

# More patients with the same id in different organisations than this, and the searcher names the organisation.
_MOST = 100


def of_any_organisation(**conditions: str) -> Q:
    """A condition on columns that are indexed behind the organisation: with all organisations named, the index serves."""
    return Q(organisation_id__in=list(Organisation.objects.values_list("pk", flat=True)), **conditions)


def patient_ids(term: str) -> list[UUID]:
    """The patients whom the vitals app knows by exactly this id."""
    found = Patient.objects.filter(of_any_organisation(external_id=term))
    return list(found.values_list("pk", flat=True)[:_MOST])


def rows_matching(term: str) -> Q:
    """A condition on rows with a patient and a sender's own id: by the row's id, the patient's ids, or the sender's id.

    The patients are looked up first: a condition across the join would keep the planner from using either index.
    """
    identifier = as_uuid(term)
    if identifier is not None:
        return Q(pk=identifier) | Q(patient_id=identifier)
    return Q(patient_id__in=patient_ids(term)) | of_any_organisation(client_id=term)
