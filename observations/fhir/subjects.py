"""Whom an Observation is about."""

import re
from collections.abc import Iterable, Mapping
from uuid import UUID

import msgspec

from clinical_engine.api.scopes import Access
from observations.fhir.elements import Reference, Sent
from observations.fhir.faults import Fault, fault
from observations.fhir.terms import organisation_of
from patients.models import Patient

_PATIENT = re.compile(r"Patient/([0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})")


class Subject(msgspec.Struct, frozen=True, gc=False):
    """A patient as the vitals app knows them."""

    organisation_id: UUID
    external_id: str


def referenced_patients(access: Access, sent: Iterable[Sent | Fault]) -> dict[UUID, Subject]:
    """The patients that are named by our own ids, by these ids; those that the key may see. One query at most."""
    ids = {
        patient_id
        for each in sent
        if isinstance(each, Sent) and (patient_id := _id_of(each.observation.subject))
    }
    if not ids:
        return {}
    rows = Patient.objects.filter(pk__in=ids, organisation_id__in=access.organisation_ids)
    return {
        patient_id: Subject(organisation_id, external_id)
        for patient_id, organisation_id, external_id in rows.values_list(
            "pk", "organisation_id", "external_id"
        )
    }


def subject_of(
    reference: Reference | None, access: Access, patients: Mapping[UUID, Subject]
) -> Subject | Fault:
    """The subject: by the vitals app's identifier where there is one, otherwise by our own id."""
    if reference is None:
        return fault("subject", "external_id", "missing", "Is required.")
    identifier = reference.identifier
    organisation_id = organisation_of(identifier.system) if identifier else None
    if identifier and organisation_id:
        if organisation_id not in access.organisation_ids:
            return fault(
                "subject.identifier.system",
                "external_id",
                "unknown_organisation",
                "None that this key may act for.",
            )
        return Subject(organisation_id, identifier.value or "")
    patient_id = _id_of(reference)
    if patient_id is None:
        return fault(
            "subject",
            "external_id",
            "subject_not_understood",
            "Must have an identifier whose system is urn:clinical-engine:organisation:<id>, or the reference Patient/<id>.",
        )
    unknown = fault("subject.reference", "external_id", "unknown_patient", "None that this key may see.")
    return patients.get(patient_id, unknown)


def _id_of(reference: Reference | None) -> UUID | None:
    if reference is None or reference.reference is None:
        return None
    if reference.identifier and organisation_of(reference.identifier.system):
        return None
    found = _PATIENT.fullmatch(reference.reference)
    return UUID(found[1]) if found else None
