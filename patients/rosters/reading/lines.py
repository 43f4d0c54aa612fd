"""What one line says, or why it cannot be read."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings

from clinical_engine.common.clock import LARGEST_OFFSET
from clinical_engine.common.errors import Refusal
from patients.validation import EARLIEST, MAX_TEXT_LENGTH, refusals_of_text, refusals_of_time

EXTERNAL_ID, ACTIVE_SINCE = "external_id", "active_since"


@dataclass(frozen=True, slots=True)
class LineProblem:
    """Why the line of that number (from 1) cannot be read; `field` is `line` when no field alone is to blame."""

    line: int
    field: str
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Said:
    """What could be read of a line before anything was judged, and why the rest could not."""

    external_id: str | None = None
    active_since: datetime | None = None
    refusal: Refusal | None = None


@dataclass(frozen=True, slots=True)
class Columns:
    """What a block of lines says, in their order: texts that may be no identifiers, times that have an offset."""

    external_ids: list[str]
    times: list[datetime]


@dataclass(frozen=True, slots=True)
class Limits:
    """What times may be: until `as_of`, and at most ten minutes later than `now`."""

    as_of: datetime
    now: datetime

    def are_kept_by(self, columns: Columns) -> bool:
        """Whether `judged` would find nothing wrong with any of them; for many lines at once."""
        texts, times = columns.external_ids, columns.times
        joined = "".join(texts)
        return (
            joined.isprintable()
            and min(map(len, texts)) > 0
            and max(map(len, texts)) <= MAX_TEXT_LENGTH
            and (" " not in joined or all(text == text.strip() for text in texts))
            and min(times) >= EARLIEST
            and max(times) <= min(self.as_of, self.now + settings.CLOCK_SKEW)
            and _largest_offset(times) <= LARGEST_OFFSET
        )

    def judged(self, said: Said) -> Said:
        """The same when nothing is wrong with it; else the first refusal, with the external id where that can be used."""
        external_id, time = said.external_id, said.active_since
        of_text = [] if external_id is None else refusals_of_text(EXTERNAL_ID, external_id)
        of_time = [] if time is None else self._refusals_of_time(time)
        refusals = [*filter(None, [said.refusal]), *of_text, *of_time]
        return Said(None if of_text else external_id, None, refusals[0]) if refusals else said

    def _refusals_of_time(self, time: datetime) -> list[Refusal]:
        refusals = refusals_of_time(ACTIVE_SINCE, time, self.now)
        if not refusals and time > self.as_of:
            return [Refusal(ACTIVE_SINCE, "after_as_of", "Must not be after the time of the roster, as_of.")]
        return refusals


def _largest_offset(times: list[datetime]) -> timedelta:
    # Of each zone once: there are few, and asking every time for its own is what would take long.
    offsets = [zone.utcoffset(None) if zone else None for zone in {time.tzinfo for time in times}]
    return max(timedelta.max if offset is None else abs(offset) for offset in offsets)
