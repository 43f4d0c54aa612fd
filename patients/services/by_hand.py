"""What staff state by hand: a statement like any other, and its entry in the audit trail."""

from collections.abc import Mapping
from datetime import datetime

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction

from clinical_engine.audit import services as audit
from clinical_engine.common.errors import Refusal, RefusedError
from clinical_engine.common.identifiers import new_id
from patients.models import Patient, StatementKind, StatementSource
from patients.services.accepting import activate, deactivate
from patients.services.moving import Moved, move
from patients.services.statements import Accepted, NewStatement, Origin
from submitters.models import Submitter

_ACTIONS = {
    StatementKind.ACTIVATION: ("patient.activate", activate),
    StatementKind.DEACTIVATION: ("patient.deactivate", deactivate),
}


@transaction.atomic
def state_by_hand(  # noqa: PLR0913 - keyword-only, and each is what a form asks
    *,
    actor: AbstractBaseUser,
    patient: Patient,
    submitter: Submitter,
    kind: StatementKind,
    effective_at: datetime,
    reason: str,
) -> Accepted:
    """Accept from staff that a patient is active or inactive with a submitter since a time; always a new statement.

    Its audit entry names the patient, and in its details submitter, statement and job. Raises RefusedError, and stores nothing,
    for a submitter of another organisation, a time that cannot be accepted, or no reason.
    """
    _refuse(reason, patient, submitter=submitter)
    action, accept = _ACTIONS[kind]
    [answer] = accept(submitter=submitter, statements=[_said(patient, effective_at)], origin=_origin(actor))
    details = {
        "submitter": str(submitter.id),
        "statement": str(answer.statement_id),
        "job": str(answer.job_id),
    }
    audit.record(actor=actor, action=action, targets=[_target(patient, details)], reason=reason)
    return answer


@transaction.atomic
def move_by_hand(  # noqa: PLR0913 - as above
    *,
    actor: AbstractBaseUser,
    patient: Patient,
    from_submitter: Submitter,
    to_submitter: Submitter,
    effective_at: datetime,
    reason: str,
) -> Moved:
    """Accept from staff that a patient moves from one submitter to another at a time; always two new statements.

    As `state_by_hand`; raises RefusedError as `move` too.
    """
    _refuse(reason, patient, from_submitter=from_submitter, to_submitter=to_submitter)
    moved = move(
        from_submitter=from_submitter,
        to_submitter=to_submitter,
        statement=_said(patient, effective_at),
        origin=_origin(actor),
    )
    details = {
        "from_submitter": str(from_submitter.id),
        "to_submitter": str(to_submitter.id),
        "left": str(moved.left.statement_id),
        "joined": str(moved.joined.statement_id),
    }
    audit.record(actor=actor, action="patient.move", targets=[_target(patient, details)], reason=reason)
    return moved


def _refuse(reason: str, patient: Patient, **submitters: Submitter) -> None:
    refusals = [
        Refusal(field, "another_organisation", "Must be one of the patient's organisation.")
        for field, submitter in submitters.items()
        if submitter.organisation_id != patient.organisation_id
    ]
    if not reason.strip():
        refusals.append(Refusal("reason", "empty", "Must not be empty."))
    if refusals:
        raise RefusedError(*refusals)


def _said(patient: Patient, effective_at: datetime) -> NewStatement:
    return NewStatement(f"staff-{new_id()}", patient.external_id, effective_at)


def _origin(actor: AbstractBaseUser) -> Origin:
    return Origin(StatementSource.STAFF, actor_id=actor.pk)


def _target(patient: Patient, details: Mapping[str, object]) -> audit.Target:
    return audit.Target("patient", patient.id, patient.organisation_id, details)
