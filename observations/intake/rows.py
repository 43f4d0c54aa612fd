"""What became of readings, and the rows that they become."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from uuid import UUID

import msgspec

from clinical_engine.common.database import array_literal
from clinical_engine.common.errors import Refusal
from clinical_engine.common.identifiers import new_id_text
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
    """The answer to one reading; `measurement_id`, as a text, is that of the first one for a duplicate or a conflict."""

    outcome: Outcome
    measurement_id: str | None = None
    refusals: tuple[Refusal, ...] = ()
    is_implausible: bool = False


@dataclass(frozen=True, slots=True)
class Sender:
    """Where readings come from: by which way, and by whom."""

    source: MeasurementSource
    api_client_id: UUID | None = None
    actor_id: int | None = None


_MINUTE, _NONE = timedelta(minutes=1), timedelta()


class Row(msgspec.Struct, frozen=True, gc=False):
    """A reading that can be accepted, at its place in the request, and what is stored of it."""

    position: int
    reading: Reading
    code_id: int
    value: Stored
    # As a text: a UUID takes five times as long to make.
    id: str = msgspec.field(default_factory=new_id_text)


def offsets_literal(rows: Sequence[Row]) -> str:
    """The offsets of the rows' times in minutes, as an array literal; readings without one were refused before."""
    offsets = [row.reading.measured_at.utcoffset() or _NONE for row in rows]
    # Nearly always all of a request have the same: dividing costs as much as everything else.
    minutes = {offset: offset // _MINUTE for offset in set(offsets)}
    return array_literal([minutes[offset] for offset in offsets])


def column(values: Sequence[object]) -> str:
    """One column of rows as an array literal; empty when all are NULL, which `unnest` fills up with NULL."""
    return array_literal(values) if values.count(None) < len(values) else "{}"
