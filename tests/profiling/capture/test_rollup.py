"""The roll-up: nothing is lost, nothing counts twice, and no batch stands in the way of others."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from math import inf

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from clinical_engine.common.database import execute, fetch_all
from clinical_engine.profiling.capture import batches, storing
from clinical_engine.profiling.capture.batches import OTHER_STATEMENTS
from clinical_engine.profiling.capture.day_rows import LOCK
from clinical_engine.profiling.capture.rollup import roll_up
from clinical_engine.profiling.durations import bucket_of, unpacked
from clinical_engine.profiling.models import (
    Caller,
    CapturedBatch,
    CapturedStatement,
    Release,
    StatementDay,
)
from tests.patients.concurrency import Threads
from tests.processor import processor_seconds, within
from tests.profiling.written import batch, ran

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
A_DAY = timedelta(days=1)


@pytest.mark.django_db
def test_batches_of_several_processes_are_added_up() -> None:
    batch([ran(0.01), ran(0.03, rows=5)], at=NOON)
    batch([ran(0.02, parameters=7, values=90, size=500)], at=NOON, repeated=12)
    batch([ran(5.0, sqlstate="57014"), ran(0.01, sqlstate="23505")], at=NOON, origin="job associate")
    assert roll_up() == 3
    assert not CapturedBatch.objects.exists()
    day = StatementDay.objects.get()
    assert (day.day, day.days, day.release.name) == (NOON.date(), 1, "r1")
    assert (day.calls, day.rows, day.failures, day.timeouts) == (5, 9, 2, 1)
    assert (day.parameters_most, day.values_most) == (7, 90)
    assert (day.bytes_most, day.repeated_most) == (500, 12)
    assert (day.time_us, day.longest_us) == (5_070_000, 5_000_000)
    durations = Counter(map(bucket_of, (0.01, 0.03, 0.02, 5.0, 0.01)))
    assert unpacked(day.durations) == durations
    callers = Caller.objects.values_list("origin", "calls", "time_us", "repeated_most")
    assert set(callers) == {("GET /api/v1/things", 3, 60_000, 12), ("job associate", 2, 5_010_000, 1)}
    statement = CapturedStatement.objects.get()
    assert (statement.shape, statement.origin) == ("SELECT a FROM t WHERE b = ?", "job associate")
    assert (statement.first_seen_at, statement.last_seen_at) == (NOON, NOON)


@pytest.mark.django_db
def test_what_comes_later_is_added_to_the_same_day() -> None:
    for _ in range(3):
        batch([ran()], at=NOON)
        assert roll_up() == 1
    day = StatementDay.objects.get()
    assert (day.calls, sum(unpacked(day.durations).values())) == (3, 3)
    assert Caller.objects.get().calls == 3


@pytest.mark.django_db
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.tuples(
            st.integers(0, 3),
            st.integers(0, 4),
            st.sampled_from(["r1", "r2"]),
            st.floats(1e-6, 100),
            st.booleans(),
        ),
        min_size=1,
        max_size=10,
    )
)
def test_sums_are_those_of_all_executions_however_they_come(
    sent: list[tuple[int, int, str, float, bool]],
) -> None:
    execute("DELETE FROM profiling_statementday")
    for statement, day, release, seconds, is_rolled_up in sent:
        batch([ran(seconds, f"SELECT a{'bcde'[statement]}")], at=NOON + day * A_DAY, release=release)
        if is_rolled_up:
            roll_up()
    roll_up()
    found: Counter[tuple[str, date]] = Counter()
    for row in StatementDay.objects.select_related("statement"):
        found[row.statement.shape, row.day] = row.calls
        assert sum(unpacked(row.durations).values()) == row.calls
    expected = Counter((f"SELECT a{'bcde'[each[0]]}", (NOON + each[1] * A_DAY).date()) for each in sent)
    assert found == expected
    total = sum(StatementDay.objects.values_list("time_us", flat=True))
    assert total == sum(round(each[3] * 1e6) for each in sent)


@pytest.mark.django_db
def test_a_day_is_one_of_utc_and_the_release_that_ran_last_is_named() -> None:
    midnight = datetime(2026, 3, 2, tzinfo=UTC)
    batch([ran()], at=midnight - timedelta(seconds=1), release="r1")
    batch([ran()], at=midnight, release="r1")
    batch([ran()], at=midnight + timedelta(hours=2), release="r2")
    roll_up()
    rows = StatementDay.objects.order_by("day").values_list("day", "calls", "release__name")
    assert list(rows) == [(midnight.date() - A_DAY, 1, "r1"), (midnight.date(), 2, "r2")]
    statement = CapturedStatement.objects.get()
    assert (statement.first_release.name, statement.last_release.name) == ("r1", "r2")


@pytest.mark.django_db
def test_simulated_time_counts_instead_of_when_a_batch_was_written() -> None:
    batch([ran()])
    roll_up(now=NOON)
    assert StatementDay.objects.get().day == NOON.date()


def test_two_that_roll_up_at_once_count_nothing_twice(committed_db: None) -> None:
    for number in range(400):
        batch([ran(text=f"SELECT {'a' * (number % 20 + 1)}")])
    with Threads(2) as threads:
        taken = [threads.start(roll_up) for _ in range(2)]
    roll_up()
    assert sum(each.result() for each in taken) <= 400
    assert not CapturedBatch.objects.exists()
    assert sum(StatementDay.objects.values_list("calls", flat=True)) == 400


def test_while_another_one_rolls_up_nothing_is_done(committed_db: None) -> None:
    batch([ran()])
    other = connection.copy()
    try:
        with other.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s)", [LOCK])
            assert roll_up() == 0
            assert CapturedBatch.objects.count() == 1
            cursor.execute("SELECT pg_advisory_unlock(%s)", [LOCK])
    finally:
        other.close()
    assert roll_up() == 1


@pytest.mark.django_db
@pytest.mark.parametrize("spoilt", [b"", b"nothing", b"x\x9c\x03\x00\x00\x00\x00\x01"])
def test_a_batch_that_cannot_be_read_is_given_up_and_holds_up_no_other(
    spoilt: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    batch([ran()])
    CapturedBatch.objects.create(format=batches.FORMAT, content=spoilt)
    batch([ran()])
    assert roll_up() == 3
    assert not CapturedBatch.objects.exists()
    assert StatementDay.objects.get().calls == 2
    assert "cannot be taken in" in caplog.text


@pytest.mark.django_db
def test_a_batch_that_cannot_be_stored_is_given_up_and_holds_up_no_other(
    caplog: pytest.LogCaptureFixture,
) -> None:
    batch([ran()])
    batch([ran(size=2**63)])
    assert roll_up() == 2
    assert not CapturedBatch.objects.exists()
    assert StatementDay.objects.get().calls == 1
    assert "cannot be taken in" in caplog.text


@pytest.mark.django_db
def test_a_batch_of_another_format_is_left_for_its_release() -> None:
    later = batch([ran()])
    CapturedBatch.objects.filter(pk=later.pk).update(format=batches.FORMAT + 1)
    batch([ran()])
    assert roll_up() == 1
    assert CapturedBatch.objects.get().pk == later.pk


@pytest.mark.django_db
@pytest.mark.parametrize("leap", [timedelta(days=4_000), timedelta(days=-4_000)])
def test_a_clock_that_leapt_spoils_nothing_once_it_is_right_again(leap: timedelta) -> None:
    now = timezone.now()
    batch([ran()], at=now - A_DAY)
    roll_up()
    batch([ran(9.0)] * 9, at=now + leap)
    roll_up()
    batch([ran()], at=now)
    roll_up()
    statement = CapturedStatement.objects.get()
    assert (statement.calls_day, statement.calls_week) == (1, 2)
    assert statement.longest_us == 10_000
    assert statement.p95_week_us is not None
    assert statement.p95_week_us < 20_000
    assert StatementDay.objects.count() == 3


@pytest.mark.django_db
def test_statements_that_find_no_room_count_as_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(storing, "MOST_STATEMENTS", 3)
    batch([ran(text="SELECT known")], at=NOON)
    roll_up()
    batch([ran(0.001 * (number + 1), f"SELECT {'x' * (number + 1)}") for number in range(6)], at=NOON)
    batch([ran(text="SELECT known")], at=NOON)
    roll_up()
    found = {each.shape: each for each in CapturedStatement.objects.all()}
    # The slowest two had room.
    assert set(found) == {"SELECT known", "SELECT xxxxx", "SELECT xxxxxx", OTHER_STATEMENTS.text}
    assert found[OTHER_STATEMENTS.text].days.get().calls == 4
    assert sum(StatementDay.objects.values_list("calls", flat=True)) == 8


@pytest.mark.django_db
def test_thousands_of_statements_are_rolled_up_within_seconds() -> None:
    for part in range(10):
        batch([ran(text=f"SELECT a{part * 300 + n}x FROM t{n}x") for n in range(300)], at=NOON)
    with within(20, processor_seconds):
        roll_up()
    assert CapturedStatement.objects.count() == 3_000


@pytest.mark.django_db
def test_a_hundred_statements_take_as_many_queries_as_one() -> None:
    queries = []
    for number in (1, 100):
        batch([ran(text=f"SELECT a FROM t{'x' * (n + 1)}") for n in range(number)], at=NOON)
        with CaptureQueriesContext(connection) as sent:
            roll_up()
        queries.append(len(sent))
    assert queries[0] == queries[1]


@pytest.mark.django_db
def test_a_long_name_of_a_release_or_an_origin_is_cut() -> None:
    batch([ran()], release="r" * 300, origin="GET /" + "o" * 400)
    roll_up()
    assert Release.objects.get().name == "r" * 200
    assert Caller.objects.get().origin == ("GET /" + "o" * 400)[:200]


@pytest.mark.django_db
def test_the_origin_shown_is_that_of_late() -> None:
    now = timezone.now()
    batch([ran(60.0)], at=now - 40 * A_DAY, origin="GET /old")
    roll_up()
    batch([ran(0.2)], at=now, origin="GET /new")
    batch([ran(0.1)], at=now, origin="GET /seldom")
    roll_up()
    assert CapturedStatement.objects.get().origin == "GET /new"


@pytest.mark.django_db
def test_durations_beyond_all_measure_fit() -> None:
    batch([ran(1e9), ran(1e-12)])
    roll_up()
    assert StatementDay.objects.get().longest_us < inf
    assert fetch_all("SELECT calls_day FROM profiling_capturedstatement") == [(2,)]
