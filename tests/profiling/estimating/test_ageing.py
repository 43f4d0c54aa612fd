"""Older days become months: all sums stay, whatever happens meanwhile."""

from collections import Counter
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from django.db.models import Max, Sum

from clinical_engine.profiling.capture import storing
from clinical_engine.profiling.capture.rollup import roll_up
from clinical_engine.profiling.durations import packed, unpacked
from clinical_engine.profiling.estimating import ageing
from clinical_engine.profiling.estimating.ageing import age
from clinical_engine.profiling.estimating.loading import load_histories
from clinical_engine.profiling.models import (
    Caller,
    CapturedBatch,
    CapturedStatement,
    DriverReading,
    Finding,
    StatementDay,
)
from tests.profiling.written import TEXT, batch, ran

pytestmark = pytest.mark.django_db
TODAY = date(2026, 6, 1)
A_DAY = timedelta(days=1)
LONG = timedelta(minutes=5)
SUMS = ("calls", "time_us", "rows", "failures", "timeouts")
MOST = ("longest_us", "parameters_most", "values_most", "bytes_most", "repeated_most")


@pytest.fixture(autouse=True)
def read_daily() -> None:
    """The drivers were read each day of late."""
    DriverReading.objects.bulk_create(
        DriverReading(driver="active_patients", day=TODAY - days * A_DAY, value=1_000) for days in range(20)
    )


def noon(day: date) -> datetime:
    return datetime.combine(day, time(12), UTC)


def ran_on(day: date, *, times: int = 1, text: str = TEXT, release: str = "r1") -> None:
    batch([ran(0.01 * (day.day + 1), text)] * times, at=noon(day), release=release)


def ran_daily(days: int, *texts: str) -> None:
    """As the roll-up leaves it."""
    for text in texts or (TEXT,):
        ran_on(TODAY, text=text)
    roll_up()
    [today] = {row.day for row in StatementDay.objects.all()}
    for row in StatementDay.objects.all():
        StatementDay.objects.bulk_create(_other(row, today - back * A_DAY, back) for back in range(1, days))


def _other(row: StatementDay, day: date, back: int) -> StatementDay:
    sums = {name: getattr(row, name) * (back % 3 + 1) for name in SUMS}
    most = {name: getattr(row, name) + back for name in MOST}
    durations = packed({back % 50: back % 3 + 1})
    return StatementDay(
        statement=row.statement, day=day, release_id=row.release_id, durations=durations, **sums, **most
    )


def sums() -> tuple[Any, ...]:
    found = StatementDay.objects.aggregate(
        *(Sum(name) for name in ("calls", "time_us", "rows", "failures", "timeouts")),
        *(
            Max(name)
            for name in ("longest_us", "parameters_most", "values_most", "bytes_most", "repeated_most")
        ),
    )
    durations: Counter[int] = Counter()
    for stored in StatementDay.objects.values_list("durations", flat=True):
        durations.update(unpacked(stored))
    return found, durations


def test_days_older_than_ninety_become_months_and_nothing_is_lost() -> None:
    ran_daily(200, TEXT, "SELECT other")
    before = sums()
    age(TODAY, LONG)
    assert sums() == before
    statement = CapturedStatement.objects.get(shape="SELECT other")
    days, months = statement.days.filter(days=1), statement.days.filter(days__gt=1)
    assert months.count() in {3, 4}
    oldest = min(days.values_list("day", flat=True))
    assert TODAY - 120 * A_DAY <= oldest <= TODAY - 90 * A_DAY
    # Not a day is in two of them, or in none.
    assert max(months.values_list("day", flat=True)) + 30 * A_DAY == oldest
    assert sum(months.values_list("days", flat=True)) + days.count() == 200


def test_aging_again_changes_nothing_and_a_later_day_goes_on_from_there() -> None:
    ran_daily(200)
    before = sums()
    for later in (0, 0, 1, 29, 30, 31):
        age(TODAY + later * A_DAY, LONG)
        assert sums() == before
    _, *whole = StatementDay.objects.filter(days__gt=1).order_by("day")
    assert {(row.day.toordinal() % 30, row.days) for row in whole} == {(0, 30)}


def test_what_comes_late_of_a_month_that_is_over_joins_it() -> None:
    ran_daily(200)
    age(TODAY, LONG)
    for back in (130, 150, 151):
        ran_on(TODAY - back * A_DAY)
    roll_up()
    first = StatementDay.objects.filter(days=30).earliest("day")
    ran_on(first.day)
    roll_up()
    before = sums()
    age(TODAY, LONG)
    assert sums() == before
    assert not StatementDay.objects.filter(days=1, day__lt=TODAY - 120 * A_DAY).exists()


MONTH = date.fromordinal((TODAY - 150 * A_DAY).toordinal() // 30 * 30)


def parts() -> list[tuple[int, int, str, int]]:
    """Of the month: the first day of each part, how many days it has, its release, and how often the statement ran."""
    rows = StatementDay.objects.order_by("day").select_related("release")
    return [((row.day - MONTH).days, row.days, row.release.name, row.calls) for row in rows]


def ran_under(*days: tuple[int, str]) -> None:
    for day, release in days:
        ran_on(MONTH + day * A_DAY, release=release)
        roll_up()


def test_a_month_has_a_part_for_each_release_that_ran() -> None:
    ran_under((3, "r1"), (20, "r2"), (9, "r1"), (29, "r2"), (15, "r3"))
    before = sums()
    age(TODAY, LONG)
    assert parts() == [(3, 7, "r1", 2), (15, 1, "r3", 1), (20, 10, "r2", 2)]
    assert sums() == before
    age(TODAY + 60 * A_DAY, LONG)
    assert parts() == [(3, 7, "r1", 2), (15, 1, "r3", 1), (20, 10, "r2", 2)]


def test_what_comes_late_joins_the_part_of_its_release() -> None:
    ran_under((3, "r1"), (9, "r1"), (20, "r2"))
    age(TODAY, LONG)
    ran_under((5, "r1"), (12, "r1"), (3, "r1"), (21, "r2"), (1, "r2"))
    before = sums()
    age(TODAY, LONG)
    assert parts() == [(1, 21, "r2", 3), (3, 10, "r1", 5)]
    assert sums() == before


def test_the_estimate_reads_a_part_with_the_drivers_of_its_days() -> None:
    DriverReading.objects.bulk_create(
        DriverReading(driver="active_patients", day=MONTH + day * A_DAY, value=100 * day) for day in range(30)
    )
    ran_under((4, "r1"), (6, "r1"), (20, "r2"), (24, "r2"))
    age(TODAY, LONG)
    statement = CapturedStatement.objects.get()
    first, second = load_histories([statement.pk], TODAY)[statement.pk].days
    assert (first.drivers, second.drivers) == ({"active_patients": 500.0}, {"active_patients": 2200.0})
    assert (first.release, second.release) == ("r1", "r2")


def test_slices_are_each_whole_when_it_is_killed_in_the_midst(monkeypatch: pytest.MonkeyPatch) -> None:
    ran_daily(130, *(f"SELECT {'x' * n}" for n in range(1, 8)))
    before = sums()
    monkeypatch.setattr(ageing, "_STATEMENTS_AT_ONCE", 2)
    age(TODAY, timedelta(0))
    assert sums() == before
    assert 0 < len({row.statement_id for row in StatementDay.objects.filter(days__gt=1)}) < 7
    monkeypatch.setattr(ageing, "add_rows", _killed)
    with pytest.raises(KeyboardInterrupt):
        age(TODAY, LONG)
    assert sums() == before
    monkeypatch.undo()
    age(TODAY, LONG)
    assert sums() == before
    assert len({row.statement_id for row in StatementDay.objects.filter(days__gt=1)}) == 7


def _killed(_: object) -> None:
    raise KeyboardInterrupt


def test_what_is_older_than_five_years_and_batches_that_nobody_reads_are_forgotten() -> None:
    ran_on(TODAY - timedelta(days=6 * 365))
    ran_on(TODAY)
    DriverReading.objects.create(driver="submitters", day=TODAY - timedelta(days=6 * 365), value=1)
    roll_up()
    waiting = batch([ran()], at=noon(TODAY - 8 * A_DAY))
    CapturedBatch.objects.filter(pk=waiting.pk).update(format=99)
    age(TODAY, LONG)
    assert [row.day for row in StatementDay.objects.all()] == [TODAY]
    assert not CapturedBatch.objects.exists()
    assert not DriverReading.objects.filter(driver="submitters").exists()


def test_statements_that_nobody_sends_are_forgotten_but_not_what_somebody_looks_after() -> None:
    long_ago = TODAY - timedelta(days=500)
    for text in ("SELECT gone", "SELECT watched"):
        ran_on(long_ago, text=text)
    ran_on(TODAY, text="SELECT here")
    roll_up()
    watched = CapturedStatement.objects.get(shape="SELECT watched")
    Finding.objects.create(statement=watched, kind="grows", told="It grows.", release="r1", due_on=TODAY)
    age(TODAY, LONG)
    assert set(CapturedStatement.objects.values_list("shape", flat=True)) == {"SELECT watched", "SELECT here"}
    assert not StatementDay.objects.exclude(statement__shape__in=["SELECT watched", "SELECT here"]).exists()


def test_places_that_a_release_moved_are_forgotten() -> None:
    batch([ran()], at=noon(TODAY - 100 * A_DAY), origin="GET /old")
    batch([ran()], at=noon(TODAY), origin="GET /new")
    roll_up()
    age(TODAY, LONG)
    assert [caller.origin for caller in Caller.objects.all()] == ["GET /new"]


def test_statements_without_number_make_room_for_new_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(storing, "MOST_STATEMENTS", 10)
    for number in range(10):
        ran_on(TODAY - number * A_DAY, text=f"SELECT {'x' * (number + 1)}")
    roll_up()
    age(TODAY, LONG)
    left = CapturedStatement.objects.values_list("shape", flat=True)
    assert set(left) == {f"SELECT {'x' * (number + 1)}" for number in range(8)}


@pytest.mark.parametrize("leap", [timedelta(days=3_000), timedelta(days=-3_000)])
def test_a_clock_that_leapt_forgets_nothing_and_folds_nothing(leap: timedelta) -> None:
    ran_daily(150)
    before = set(StatementDay.objects.values_list("day", "days"))
    DriverReading.objects.create(driver="active_patients", day=TODAY + leap, value=1_000)
    age(TODAY + leap, LONG)
    assert set(StatementDay.objects.values_list("day", "days")) == before
    age(TODAY, LONG)
    assert StatementDay.objects.filter(days=30).exists()
