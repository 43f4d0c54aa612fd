"""Local times: the rule for those that a clock change skips or doubles."""

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

import pytest

from observations.diabetes.clocks import ClockChange, instant_of, start_of_day

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
SPRING, AUTUMN = date(1991, 3, 31), date(1991, 9, 29)


@pytest.mark.parametrize(
    ("day", "clock", "utc", "change"),
    [
        (SPRING, time(1, 59), datetime(1991, 3, 31, 0, 59, tzinfo=UTC), None),
        (SPRING, time(2, 0), datetime(1991, 3, 31, 1, 0, tzinfo=UTC), ClockChange.SKIPPED),
        (SPRING, time(2, 59), datetime(1991, 3, 31, 1, 59, tzinfo=UTC), ClockChange.SKIPPED),
        (SPRING, time(3, 0), datetime(1991, 3, 31, 1, 0, tzinfo=UTC), None),
        (AUTUMN, time(1, 59), datetime(1991, 9, 28, 23, 59, tzinfo=UTC), None),
        (AUTUMN, time(2, 0), datetime(1991, 9, 29, 0, 0, tzinfo=UTC), ClockChange.DOUBLED),
        (AUTUMN, time(2, 59), datetime(1991, 9, 29, 0, 59, tzinfo=UTC), ClockChange.DOUBLED),
        (AUTUMN, time(3, 0), datetime(1991, 9, 29, 2, 0, tzinfo=UTC), None),
    ],
)
def test_a_skipped_or_doubled_time_is_read_with_the_offset_before_the_change(
    day: date, clock: time, utc: datetime, change: ClockChange | None
) -> None:
    assert instant_of(day, clock, AMSTERDAM) == (utc, change)


def test_a_skipped_time_keeps_the_time_and_offset_that_the_unchanged_clock_showed() -> None:
    instant, _ = instant_of(SPRING, time(2, 30), AMSTERDAM)
    assert instant.isoformat() == "1991-03-31T02:30:00+01:00"


def test_readings_around_a_clock_change_compare_by_their_instants() -> None:
    before, _ = instant_of(AUTUMN, time(2, 30), AMSTERDAM)
    after, _ = instant_of(AUTUMN, time(3, 0), AMSTERDAM)
    assert (after - before).total_seconds() == 90 * 60


def test_a_day_whose_midnight_is_skipped_begins_at_the_change() -> None:
    # In Brazil the clocks went from 00:00 to 01:00.
    begin = start_of_day(date(1991, 10, 20), ZoneInfo("America/Sao_Paulo"))
    assert begin == datetime(1991, 10, 20, 3, tzinfo=UTC)
    assert begin == instant_of(date(1991, 10, 20), time(1, 0), ZoneInfo("America/Sao_Paulo"))[0]
