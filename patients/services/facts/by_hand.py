"""What staff state of a patient's facts by hand: facts like any others, and their entries in the audit trail."""

from datetime import datetime
from uuid import UUID

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction

from clinical_engine.audit import services as audit
from clinical_engine.common.errors import Refusal, RefusedError
from clinical_engine.common.identifiers import new_id
from patients.models import FactName, FactSource, Patient, PatientFact
from patients.selectors import facts_of
from patients.services.facts.recording import record_facts
from patients.services.facts.retracting import enter_fact_in_error
from patients.services.facts.said import MAX_REASON, AcceptedFact, FactOrigin, NewFact
from patients.services.statements import Refused
from patients.validation import refusals_of_text

_STATED_ALREADY = Refusal(
    "effective_from",
    "stated_already",
    "Another fact of this kind has exactly this time: say that it was entered in error first, or choose another time.",
)


@transaction.atomic
def state_fact_by_hand(  # noqa: PLR0913 - keyword-only, and each is what a form asks
    *,
    actor: AbstractBaseUser,
    patient: Patient,
    name: FactName,
    value: object,
    effective_from: datetime,
    reason: str,
) -> AcceptedFact:
    """Record from staff what holds of a patient from a time on; always a new fact.

    Its audit entries stand in the trails of the patient and the fact. Raises RefusedError, and stores nothing, for a value or time
    that cannot be accepted, a time at which another fact of the name begins, or no reason.
    """
    _refuse(patient, name, effective_from, reason)
    fact = NewFact(f"staff-{new_id()}", patient.external_id, name, value, effective_from)
    origin = FactOrigin(FactSource.STAFF, actor_id=actor.pk, reason=reason)
    [answer] = record_facts(organisation_id=patient.organisation_id, facts=[fact], origin=origin)
    if isinstance(answer, Refused):
        raise RefusedError(*answer.refusals)
    _record(actor, "patient.state_fact", patient.organisation_id, patient.pk, answer.fact_id, reason)
    return answer


def _refuse(patient: Patient, name: FactName, effective_from: datetime, reason: str) -> None:
    refusals = refusals_of_text("reason", reason, MAX_REASON)
    # Which of two would hold depends on their client ids: nothing that a person could foresee.
    standing = facts_of([patient.pk])
    if any((fact.name, fact.effective_from) == (name, effective_from) for fact in standing):
        refusals.append(_STATED_ALREADY)
    if refusals:
        raise RefusedError(*refusals)


@transaction.atomic
def retract_fact_by_hand(*, actor: AbstractBaseUser, fact: PatientFact, reason: str) -> bool:
    """Say that the fact was entered in error, with entries in the trails of the fact and its patient.

    False when the same was said before: nothing changes then, and nothing is recorded. Raises RefusedError for a reason that
    cannot be kept.
    """
    is_new = enter_fact_in_error(
        organisation_id=fact.organisation_id,
        client_id=fact.client_id,
        origin=FactOrigin(FactSource.STAFF, actor_id=actor.pk, reason=reason),
    )
    if is_new:
        _record(actor, "fact.enter_in_error", fact.organisation_id, fact.patient_id, fact.pk, reason)
    return is_new


def _record(  # noqa: PLR0913, PLR0917 - who did what, to whom, and why
    actor: AbstractBaseUser, action: str, organisation_id: UUID, patient_id: UUID, fact_id: UUID, reason: str
) -> None:
    """In the trails of the fact and its patient."""
    targets = [
        audit.Target("fact", fact_id, organisation_id),
        audit.Target("patient", patient_id, organisation_id, {"fact": str(fact_id)}),
    ]
    audit.record(actor=actor, action=action, targets=targets, reason=reason)
