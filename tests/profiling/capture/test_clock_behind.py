"""A clock that is behind: what people decided and what is true stays, also when it is right again.

The rows stand where a clock that is right has left them; the database's is earlier, the process's as each test says.
"""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest
from django.utils import timezone

from clinical_engine.profiling.capture.rollup import roll_up
from clinical_engine.profiling.findings import Found, open_or_refresh
from clinical_engine.profiling.models import Caller, CapturedStatement, DriverReading, Finding, FindingKind
from clinical_engine.profiling.probes import timed_out_lately
from tests.factories import user
from tests.profiling import captured
from tests.profiling.written import batch, ran

pytestmark = pytest.mark.django_db
AN_HOUR, A_DAY = timedelta(hours=1), timedelta(days=1)
LEAPS = [AN_HOUR, 3 * A_DAY, 400 * A_DAY]


def by_the_database() -> datetime:
    return datetime.now(UTC)


def let_the_database_be_behind(monkeypatch: pytest.MonkeyPatch, leap: timedelta) -> None:
    """The clock of the process is right: it is so much later than that of the database."""
    monkeypatch.setattr(timezone, "now", lambda: by_the_database() + leap)


def found_and_decided(at: datetime) -> list[dict[str, Any]]:
    """Findings as people and the machine have left them at that time: what of them must not change."""
    new = captured.finding(captured.statement(timed_out_at=at), found_at=at, seen_at=at)
    due = at.date() + timedelta(days=60)
    Finding.objects.filter(pk=new.pk).update(due_on=at.date() + timedelta(days=14))
    captured.finding(captured.statement(), found_at=at - 5 * A_DAY, seen_at=at, version=1)
    Finding.objects.filter(version=1).update(due_on=due, note="decided: in January")
    closed = captured.finding(captured.statement(), found_at=at - 9 * A_DAY, seen_at=at - 9 * A_DAY)
    Finding.objects.filter(pk=closed.pk).update(closed_at=at, closed_by=user(), closed_because="It may be")
    return stored()


def stored() -> list[dict[str, Any]]:
    times = CapturedStatement.objects.order_by("pk").values("pk", "timed_out_at", "first_seen_at")
    return cast(list[dict[str, Any]], [*Finding.objects.order_by("pk").values(), *times])


def roll_up_another(**fields: Any) -> None:
    batch([ran(**fields)], at=by_the_database())
    roll_up()


@pytest.mark.parametrize("leap", LEAPS)
def test_while_the_database_is_behind_nothing_that_was_found_or_decided_changes(
    monkeypatch: pytest.MonkeyPatch, leap: timedelta
) -> None:
    let_the_database_be_behind(monkeypatch, leap)
    before = found_and_decided(timezone.now())
    roll_up_another()
    assert [row for row in stored() if row in before] == before


def read_on(days: Iterable[int]) -> None:
    today = by_the_database().date()
    DriverReading.objects.bulk_create(
        DriverReading(driver=captured.PATIENTS, day=today + day * A_DAY, value=1_000) for day in days
    )


@pytest.mark.parametrize(
    ("leap", "days"), [(3, range(-20, 4)), (400, range(-20, 401)), (400, [0, *range(370, 401)])]
)
def test_a_machine_that_is_behind_as_a_whole_is_told_by_the_days_that_were_recorded(
    leap: int, days: Iterable[int]
) -> None:
    read_on(days)
    before = found_and_decided(by_the_database() + leap * A_DAY)
    roll_up_another()
    assert [row for row in stored() if row in before] == before


@pytest.mark.parametrize("days", [[], [0, 400], [*range(-20, 1), 400, 401], [*range(-20, 1), 1, 400]])
def test_days_that_leaps_ahead_have_left_are_no_past(days: Iterable[int]) -> None:
    read_on(days)
    found_and_decided(by_the_database() + 400 * A_DAY)
    roll_up_another()
    now = by_the_database()
    assert Finding.objects.filter(found_at__lte=now, seen_at__lte=now).count() == 3
    assert max(Finding.objects.values_list("due_on", flat=True)) <= now.date() + timedelta(days=90)
    assert not CapturedStatement.objects.filter(timed_out_at__gt=now).exists()
    assert not Finding.objects.filter(closed_at__gt=now).exists()


def test_a_machine_that_is_behind_by_a_day_changes_nothing_either() -> None:
    before = found_and_decided(by_the_database() + A_DAY)
    roll_up_another()
    assert [row for row in stored() if row in before] == before


@pytest.mark.parametrize("leap", LEAPS)
def test_when_something_was_seen_stays_though_it_runs_while_the_database_is_behind(
    monkeypatch: pytest.MonkeyPatch, leap: timedelta
) -> None:
    let_the_database_be_behind(monkeypatch, leap)
    roll_up_another()
    seen = timezone.now() - timedelta(minutes=4)
    CapturedStatement.objects.update(first_seen_at=seen - A_DAY, last_seen_at=seen)
    Caller.objects.update(first_seen_at=seen - A_DAY, last_seen_at=seen)
    roll_up_another()
    for one in (CapturedStatement.objects.get(), Caller.objects.get()):
        assert (one.first_seen_at, one.last_seen_at) == (seen - A_DAY, seen)


def test_what_was_written_by_a_clock_that_is_right_again_makes_nothing_older() -> None:
    roll_up_another(seconds=20.0, sqlstate="57014")
    times = ("first_seen_at", "last_seen_at", "timed_out_at")
    before = (
        CapturedStatement.objects.values(*times).get(),
        Finding.objects.values("found_at", "seen_at").get(),
    )
    batch([ran(20.0, sqlstate="57014")], at=by_the_database() - 400 * A_DAY)
    roll_up()
    assert CapturedStatement.objects.values(*times).get() == before[0]
    assert Finding.objects.values("found_at", "seen_at").get() == before[1]


@pytest.mark.parametrize("leap", LEAPS)
def test_what_runs_out_of_time_while_the_database_is_behind_is_as_new_as_what_was_seen_before(
    monkeypatch: pytest.MonkeyPatch, leap: timedelta
) -> None:
    let_the_database_be_behind(monkeypatch, leap)
    seen = captured.statement().last_seen_at
    roll_up_another(seconds=20.0, sqlstate="57014")
    found = Finding.objects.get()
    assert (found.found_at, found.statement.timed_out_at) == (seen, seen)
    assert found.due_on == seen.date() + timedelta(days=14)


def test_what_runs_out_of_time_is_of_now_by_the_database_where_only_the_worker_is_ahead(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    captured.statement()
    let_the_database_be_behind(monkeypatch, AN_HOUR)
    roll_up_another(seconds=20.0, sqlstate="57014")
    assert Finding.objects.get().found_at <= by_the_database()
    assert CapturedStatement.objects.filter(timed_out_lately()).count() == 1


def test_what_is_found_again_while_the_clock_is_behind_was_seen_last_before() -> None:
    made = captured.statement()
    found, now = Found(made.pk, FindingKind.GROWS, "It grows.", "r1"), timezone.now()
    open_or_refresh([found], now)
    open_or_refresh([found], now - 400 * A_DAY)
    assert Finding.objects.get().seen_at == now


def test_a_timeout_counts_although_a_clock_that_was_ahead_has_left_a_later_one() -> None:
    roll_up_another(seconds=20.0, sqlstate="57014")
    CapturedStatement.objects.update(timed_out_at=by_the_database() + AN_HOUR)
    assert not CapturedStatement.objects.filter(timed_out_lately()).exists()
    roll_up_another(seconds=20.0, sqlstate="57014")
    assert CapturedStatement.objects.filter(timed_out_lately()).exists()
