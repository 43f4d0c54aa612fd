"""What texts and times must be like to be accepted. The messages never repeat what was sent."""

from datetime import UTC, datetime

from django.conf import settings

from clinical_engine.common.clock import LARGEST_OFFSET
from clinical_engine.common.errors import Refusal

MAX_TEXT_LENGTH = 128
EARLIEST = datetime(1900, 1, 1, tzinfo=UTC)


def refusals_of_text(field: str, text: str, max_length: int = MAX_TEXT_LENGTH) -> list[Refusal]:
    """Why an identifier cannot be accepted: it has 1 to 128 printable characters, none of them white space at an end.

    `max_length` is for those that must be shorter.
    """
    if not text:
        return [Refusal(field, "empty", "Must not be empty.")]
    if len(text) > max_length:
        return [Refusal(field, "too_long", f"Must have at most {max_length} characters.")]
    if not text.isprintable() or text != text.strip():
        return [
            Refusal(field, "not_printable", "Must be printable characters, without white space at the ends.")
        ]
    return []


def refusals_of_time(field: str, time: datetime, now: datetime) -> list[Refusal]:
    """Why a time cannot be accepted: it has a time zone's offset, and lies between 1900 and ten minutes from now.

    Ten minutes, since clocks differ.
    """
    offset = time.utcoffset()
    if offset is None:
        return [
            Refusal(field, "time_zone_missing", "Must have a time zone, such as 2026-01-31T08:00:00+01:00.")
        ]
    if abs(offset) > LARGEST_OFFSET:
        return [Refusal(field, "no_such_offset", "Must have an offset between -14:00 and +14:00.")]
    # Nearly all lie before now: the sum and the setting cost as much as the rest.
    if time > now and time > now + settings.CLOCK_SKEW:
        minutes = int(settings.CLOCK_SKEW.total_seconds() // 60)
        return [Refusal(field, "in_the_future", f"Must not be more than {minutes} minutes in the future.")]
    if time < EARLIEST:
        return [Refusal(field, "too_early", "Must not be before 1900.")]
    return []
