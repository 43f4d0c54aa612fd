"""Facts as senders say them, and what holds."""

from datetime import datetime
from itertools import count
from typing import Any
from uuid import UUID

from patients.models import FactSource, Patient
from patients.selectors import StandingFact, facts_of
from patients.services.facts import (
    AcceptedFact,
    FactAnswer,
    FactOrigin,
    NewFact,
    enter_fact_in_error,
    record_facts,
)
from patients.services.statements import Refused
from submitters.models import Organisation
from tests.factories import NOON

BY_API = FactOrigin(FactSource.API)
WRONG_FORM = "The form of somebody else"
_number = count(1)


def fact(name: str = "sex", value: object = "female", since: datetime = NOON, **fields: Any) -> NewFact:
    given = {"client_id": f"fact-{next(_number)}", "external_id": "p-1", **fields}
    return NewFact(name=name, value=value, effective_from=since, **given)


def record(organisation: Organisation, *facts: NewFact) -> list[FactAnswer]:
    return record_facts(organisation_id=organisation.pk, facts=facts, origin=BY_API)


def retract(organisation: Organisation, client_id: str, reason: str = WRONG_FORM) -> bool:
    origin = FactOrigin(FactSource.API, reason=reason)
    return enter_fact_in_error(organisation_id=organisation.pk, client_id=client_id, origin=origin)


def outcomes(answers: list[FactAnswer]) -> list[str]:
    return [answer.outcome if isinstance(answer, AcceptedFact) else "refused" for answer in answers]


def reasons(answer: FactAnswer) -> list[tuple[str, str]]:
    """Why a fact was refused: fields and codes."""
    assert isinstance(answer, Refused)
    return [(refusal.field, refusal.code) for refusal in answer.refusals]


def standing(external_id: str = "p-1") -> list[StandingFact]:
    return facts_of([Patient.objects.get(external_id=external_id).pk])


def held_at(time: datetime, patient_id: UUID) -> dict[str, str]:
    """What holds of a patient at a time, by name."""
    return {fact.name: fact.value for fact in facts_of([patient_id]) if fact.effective_from <= time}
