"""One line of a diary of the AIM '94 diabetes data: what it says, or why it cannot be read. Pure functions."""

import re
from dataclasses import dataclass
from datetime import date, time
from decimal import Decimal
from enum import StrEnum

_DATE = re.compile(r"(\d{2})-(\d{2})-(\d{4})", re.ASCII)
# 'H:MM' or 'HH:MM'. '11:0' lost a digit: it may have been any of ten minutes, so it is refused, not guessed.
_TIME = re.compile(r"(\d{1,2}):(\d{2})", re.ASCII)
_NUMBER = re.compile(r"-?\d+(\.\d+)?", re.ASCII)
# A meter shows these, and its software '0Hi' and '0Lo', when the glucose is outside of what it can measure.
_BEYOND_METER = re.compile(r"\d*(hi|lo)", re.ASCII | re.IGNORECASE)
_COLUMNS = 4


class Unreadable(StrEnum):
    """Why a line says nothing that could be stored; the first reason that applies, in the order of the columns."""

    EMPTY_LINE = "empty_line"
    WRONG_COLUMNS = "wrong_columns"
    DATE_MISSING = "date_missing"
    BAD_DATE = "bad_date"
    BAD_TIME = "bad_time"
    UNKNOWN_CODE = "unknown_code"
    VALUE_MISSING = "value_missing"
    BEYOND_METER = "beyond_meter"
    NOT_A_NUMBER = "not_a_number"
    NOT_POSITIVE = "not_positive"
    EVENT_WITH_VALUE = "event_with_value"


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a code of the diaries is in the engine's catalogue: its code there, and the UCUM unit; none for an event."""

    code: str
    unit: str | None = None


_GLUCOSE = Meaning("2339-0", "mg/dL")
# The codes 48 and 57 to 64 differ in the meal the reading belongs to.
MEANINGS = {
    "33": Meaning("insulin-regular", "[iU]"),
    "34": Meaning("insulin-nph", "[iU]"),
    "35": Meaning("insulin-ultralente", "[iU]"),
    **dict.fromkeys(("48", *map(str, range(57, 65))), _GLUCOSE),
    "65": Meaning("hypoglycaemic-symptoms"),
    "66": Meaning("meal-typical"),
    "67": Meaning("meal-more"),
    "68": Meaning("meal-less"),
    "69": Meaning("exercise-typical"),
    "70": Meaning("exercise-more"),
    "71": Meaning("exercise-less"),
    "72": Meaning("special-event"),
}


@dataclass(frozen=True, slots=True)
class Entry:
    """What a readable line says: on which day and at which time by the patient's clock, which of the diaries' codes, how much.

    `value` is a positive number in the unit of the code's meaning, or True for an event.
    """

    day: date
    clock: time
    code: str
    value: Decimal | bool

    @property
    def meaning(self) -> Meaning:
        """What its code is in the catalogue."""
        return MEANINGS[self.code]


def read_line(text: str) -> Entry | Unreadable:
    """What a line (without its end) says: 'MM-DD-YYYY, H:MM, code, value', separated by tabs; or why it cannot be read."""
    if not text.strip():
        return Unreadable.EMPTY_LINE
    columns = [column.strip(" ") for column in text.split("\t")]
    if len(columns) != _COLUMNS:
        return Unreadable.WRONG_COLUMNS
    day, clock, code, value = _day(columns[0]), _clock(columns[1]), columns[2], columns[3]
    if isinstance(day, Unreadable):
        return day
    if clock is None:
        return Unreadable.BAD_TIME
    if code not in MEANINGS:
        return Unreadable.UNKNOWN_CODE
    read = _event(value) if MEANINGS[code].unit is None else _amount(value)
    return read if isinstance(read, Unreadable) else Entry(day, clock, code, read)


def _day(text: str) -> date | Unreadable:
    if not text:
        return Unreadable.DATE_MISSING
    match = _DATE.fullmatch(text)
    if match is None:
        return Unreadable.BAD_DATE
    month, day, year = map(int, match.groups())
    try:
        return date(year, month, day)
    except ValueError:
        return Unreadable.BAD_DATE


def _clock(text: str) -> time | None:
    match = _TIME.fullmatch(text)
    if match is None:
        return None
    hour, minute = map(int, match.groups())
    try:
        return time(hour, minute)
    except ValueError:
        return None


def _amount(text: str) -> Decimal | Unreadable:
    if not text:
        return Unreadable.VALUE_MISSING
    if _BEYOND_METER.fullmatch(text):
        return Unreadable.BEYOND_METER
    if not _NUMBER.fullmatch(text):
        return Unreadable.NOT_A_NUMBER
    # In these files 0 stands where there is no amount: with every event, and with codes that do not exist.
    return amount if (amount := Decimal(text)) > 0 else Unreadable.NOT_POSITIVE


def _event(text: str) -> bool | Unreadable:
    if not text:
        return Unreadable.VALUE_MISSING
    # An event's value is 0 throughout. Anything else would be data that 'it happened' silently drops.
    return True if _NUMBER.fullmatch(text) and Decimal(text) == 0 else Unreadable.EVENT_WITH_VALUE
