"""What became of readings, and the rows that they become."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from uuid import UUID

import msgspec

from clinical_engine.common.database import array_literal
from clinical_engine.common.errors import Refusal
from clinical_engine.common.identifiers import new_id
from observations.intake.checking import Stored
from observations.models import MeasurementSource
from observations.readings import Reading


class Outcome(StrEnum):
    """What became of one reading that was sent."""

    ACCEPTED = "accepted"
    HELD = "held"
    DUPLICATE = "duplicate"
    CONFLICT = "conflict"
    REFUSED = "refused"


class Answer(msgspec.Struct, frozen=True, gc=False):
    """The answer to one reading; `measurement_id` is that of the first one for a duplicate or a conflict."""

    outcome: Outcome
    measurement_id: UUID | None = None
    refusals: tuple[Refusal, ...] = ()
    is_implausible: bool = False


@dataclass(frozen=True, slots=True)
class Sender:
    """Where readings come from: by which way, and by whom."""

    source: MeasurementSource
    api_client_id: UUID | None = None
    actor_id: int | None = None


_MINUTE = timedelta(minutes=1)


class Row(msgspec.Struct, frozen=True, gc=False):
    """A reading that can be accepted, at its place in the request, and what is stored of it."""

    position: int
    reading: Reading
    code_id: int
    value: Stored
    id: UUID = msgspec.field(default_factory=new_id)

    @property
    def offset_minutes(self) -> int:
        """The offset of its time; readings without one were refused before."""
        offset = self.reading.measured_at.utcoffset()
        return offset // _MINUTE if offset else 0


def ids_literal(ids: Iterable[UUID]) -> str:
    """An array literal of ids. Their usual text, with its hyphens, takes Python eight times as long."""
    return f"{{{','.join([f'{each.int:032x}' for each in ids])}}}"


def column(values: Sequence[object]) -> str:
    """One column of rows as an array literal; empty when all are NULL, which `unnest` fills up with NULL."""
    return array_literal(values) if values.count(None) < len(values) else "{}"
