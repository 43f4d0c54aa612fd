"""From diaries to readings: every line becomes a reading under a client id of its own making, or is refused. Pure functions."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from observations.diabetes.clocks import ClockChange, instant_of
from observations.diabetes.files import Diary
from observations.diabetes.lines import Entry, Unreadable, read_line
from observations.readings import Reading
from patients.validation import refusals_of_time


@dataclass(frozen=True, slots=True)
class ReadLine:
    """One line and what it gave: a reading, or the stable word for why it gave none."""

    file: str
    number: int
    reading: Reading | None = None
    refused: str = ""
    clock_change: ClockChange | None = None


def read_diary(diary: Diary, zone: ZoneInfo, now: datetime) -> Iterator[ReadLine]:
    """The lines of a diary in order, its local times read in `zone`; what lies in the future as of `now` is refused."""
    for number, text in enumerate(diary.lines, start=1):
        entry = read_line(text)
        if isinstance(entry, Unreadable):
            yield ReadLine(diary.name, number, refused=entry)
        else:
            yield _read_entry(diary.name, number, entry, zone, now)


def _read_entry(file: str, number: int, entry: Entry, zone: ZoneInfo, now: datetime) -> ReadLine:
    measured_at, clock_change = instant_of(entry.day, entry.clock, zone)
    # Here rather than by the intake alone: no activation may begin with a time that no measurement can have.
    if refusals := refusals_of_time("measured_at", measured_at, now):
        return ReadLine(file, number, refused=refusals[0].code)
    reading = Reading(
        client_id=client_id_of(file, entry),
        external_id=file,
        code=entry.meaning.code,
        value=entry.value,
        unit=entry.meaning.unit,
        measured_at=measured_at,
    )
    return ReadLine(file, number, reading, clock_change=clock_change)


def client_id_of(file: str, entry: Entry) -> str:
    """The identifier of what a line says, such as 'aim94/data-01/58/1991-04-21T09:09'.

    Made of source, patient, type and the patient's own time, never one adjusted to a time zone (HL7 Personal Health Devices
    Implementation Guide). The type is the diary's own code: the catalogue has one code for all glucose readings, so this is where
    the meal stays known.
    """
    return f"aim94/{file}/{entry.code}/{entry.day.isoformat()}T{entry.clock.isoformat('minutes')}"
