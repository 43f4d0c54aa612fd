"""From the time on a patient's clock to an instant, also where a clock change skips or doubles it."""

from datetime import date, datetime, time, timedelta, timezone
from enum import StrEnum
from zoneinfo import ZoneInfo


class ClockChange(StrEnum):
    """What a change of the clocks did to a local time."""

    SKIPPED = "skipped"
    DOUBLED = "doubled"


def instant_of(day: date, clock: time, zone: ZoneInfo) -> tuple[datetime, ClockChange | None]:
    """The instant that a local time stands for, with its offset from UTC, and what a clock change did to that time.

    A skipped and a doubled time are both read with the offset in force before the change, as RFC 5545 section 3.3.5 has it: of
    a doubled time it is the first one, and a skipped one is as long after midnight as the unchanged clock said.
    """
    local = datetime.combine(day, clock, zone)
    before, after = _offset(local), _offset(local.replace(fold=1))
    # A fixed offset: Python compares two times of one ZoneInfo by what their clocks show, whatever their instants.
    instant = local.replace(tzinfo=timezone(before))
    if before == after:
        return instant, None
    return instant, ClockChange.SKIPPED if before < after else ClockChange.DOUBLED


def start_of_day(day: date, zone: ZoneInfo) -> datetime:
    """The instant at which a local day begins, with its offset from UTC."""
    return instant_of(day, time.min, zone)[0]


def _offset(local: datetime) -> timedelta:
    # A ZoneInfo always knows its offset; the type says it may not.
    return local.utcoffset() or timedelta(0)
