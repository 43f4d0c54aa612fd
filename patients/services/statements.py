"""What a sender says about patients, and what is answered."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

import msgspec

from clinical_engine.common.errors import Refusal
from patients.models import StatementSource


# Structs: a batch makes ten thousand of each, and data classes took five times as long and set off full garbage collections.
class NewStatement(msgspec.Struct, frozen=True, gc=False):
    """What a sender says: the patient `external_id` is active or inactive since `effective_at`, under the sender's own id."""

    client_id: str
    external_id: str
    effective_at: datetime


@dataclass(frozen=True, slots=True)
class Origin:
    """Who says it."""

    source: StatementSource
    api_client_id: UUID | None = None
    actor_id: int | None = None


class Acceptance(StrEnum):
    """What became of one statement that could be accepted."""

    ACCEPTED = "accepted"
    DUPLICATE = "duplicate"
    CONFLICT = "conflict"


class Accepted(msgspec.Struct, frozen=True, gc=False):
    """The answer to one statement; for a duplicate or a conflict the ids are those of the first."""

    outcome: Acceptance
    statement_id: UUID
    patient_id: UUID
    job_id: UUID


@dataclass(frozen=True, slots=True)
class Refused:
    """The answer to a statement of which nothing was stored."""

    refusals: tuple[Refusal, ...]


Answer = Accepted | Refused
