"""What a sender says of a patient's facts, and what is answered."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import msgspec

from patients.models import FactSource
from patients.services.statements import Acceptance, Refused

MAX_REASON = 500


class NewFact(msgspec.Struct, frozen=True, gc=False):
    """What a sender says: from `effective_from` on, the patient `external_id` has this sex, birth year or SpO2 scale.

    `value` as JSON has it: "female", 1950, 2.
    """

    client_id: str
    external_id: str
    name: str
    value: object
    effective_from: datetime


@dataclass(frozen=True, slots=True)
class FactOrigin:
    """Who says it, or takes it back, and why; a sender of facts gives no reason."""

    source: FactSource
    api_client_id: UUID | None = None
    actor_id: int | None = None
    reason: str = ""


class AcceptedFact(msgspec.Struct, frozen=True, gc=False):
    """The answer to one fact; for a duplicate or a conflict the ids are those of the first."""

    outcome: Acceptance
    fact_id: UUID
    patient_id: UUID


FactAnswer = AcceptedFact | Refused
