"""What stood in a finding before people saved it: kept with the finding, so that nobody's note is lost to the next one's.

Not in the audit trail, which nothing can be taken out of: a note is free text, and may hold what must not be kept.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

import msgspec

from clinical_engine.profiling.models import Finding

# Far more than anybody saves; a row must not grow without end.
_MOST = 100


@dataclass(frozen=True, slots=True)
class Former:
    """What stood until somebody saved something else: who looked after it, by which day, and the note."""

    replaced_at: datetime
    replaced_by: str
    owner: str | None
    due_on: date
    note: str


def with_what_stands(finding: Finding, now: datetime, by: str) -> Sequence[object]:
    """What is to be stored as former when somebody saves a finding that stands as it is here."""
    owner = finding.owner.get_username() if finding.owner else None
    entry = Former(now, by, owner, finding.due_on, finding.note)
    return [*finding.former, msgspec.to_builtins(entry)][-_MOST:]


def former_of(finding: Finding) -> Sequence[Former]:
    """What stood in it before, the newest first."""
    return msgspec.convert(finding.former, list[Former])[::-1]
