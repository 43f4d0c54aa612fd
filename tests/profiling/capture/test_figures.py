"""The figures that lists show, and what is found wrong with a statement as it is rolled up."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from clinical_engine.profiling.capture.judging import REPEATED_TOO_OFTEN
from clinical_engine.profiling.capture.rollup import roll_up
from clinical_engine.profiling.findings import close
from clinical_engine.profiling.fingerprints import OTHER
from clinical_engine.profiling.models import CapturedStatement, Finding, FindingKind
from tests.factories import user
from tests.profiling.written import batch, ran

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
A_DAY = timedelta(days=1)


def rolled_up(*executions: float, day: int = 0, **fields: Any) -> CapturedStatement:
    batch([ran(seconds, **fields) for seconds in executions], at=NOON + day * A_DAY)
    roll_up()
    return CapturedStatement.objects.get()


def findings() -> dict[str, str]:
    return dict(Finding.objects.values_list("kind", "told"))


def test_a_week_is_the_last_seven_days() -> None:
    for day in range(9):
        found = rolled_up(0.01, day=day)
    assert (found.calls_day, found.calls_week, found.time_week_us) == (1, 7, 70_000)


def test_the_percentile_of_now_is_of_the_last_fifty_and_that_of_the_week_of_all() -> None:
    rolled_up(*[0.01] * 2_000, day=0)
    found = rolled_up(*[0.1] * 50, day=1)
    assert found.p95_now_us == pytest.approx(100_000, rel=0.2)
    assert found.p95_week_us == pytest.approx(10_000, rel=0.2)


def test_a_few_late_executions_are_not_yet_all_of_the_last_fifty() -> None:
    rolled_up(*[0.01] * 100, day=0)
    found = rolled_up(0.1, day=0)
    assert found.p95_now_us == pytest.approx(10_000, rel=0.3)


@pytest.mark.parametrize("at_once", [1, 7, 50])
def test_a_statement_that_becomes_slower_is_found_within_fifty_executions(at_once: int) -> None:
    for day in range(6):
        rolled_up(*[0.01] * 200, day=day)
    assert findings() == {}
    for _ in range(50 // at_once):
        rolled_up(*[0.2] * at_once, day=6)
    assert FindingKind.SLOWER in findings()


def test_a_few_slow_executions_are_not_yet_found() -> None:
    for day in range(6):
        rolled_up(*[0.01] * 200, day=day)
    rolled_up(*[0.2] * 5, day=6)
    assert findings() == {}


def test_of_many_that_become_slower_at_once_one_stands_for_all() -> None:
    def all_of_them(seconds: float, day: int) -> None:
        executions = [ran(seconds, f"SELECT {'abcdefghij'[one]}") for one in range(10) for _ in range(200)]
        batch(executions, at=NOON + day * A_DAY)
        roll_up()

    for day in range(6):
        all_of_them(0.01, day)
    all_of_them(0.2, 6)
    [told] = findings().values()
    assert Finding.objects.count() == 1
    assert "9 others of 10 at once" in told


def test_a_statement_that_ran_out_of_time_is_found() -> None:
    rolled_up(20.0, 20.0, sqlstate="57014")
    told = "It was over its time limit 2 times in 7 days, last in the minutes before 1 March 2026, 12:00 UTC: it took too long."
    assert findings() == {FindingKind.OVER_LIMIT: told}
    finding = Finding.objects.get()
    assert (finding.release, finding.found_at) == ("r1", NOON)


def test_of_running_out_of_time_the_week_is_told_not_the_last_minute() -> None:
    for day in range(5):
        rolled_up(20.0, day=day, sqlstate="57014")
    rolled_up(0.01, day=5)
    assert (
        "5 times in 7 days, last in the minutes before 5 March 2026, 12:00"
        in findings()[FindingKind.OVER_LIMIT]
    )


def test_a_statement_that_waited_for_a_lock_says_so() -> None:
    rolled_up(60.0, sqlstate="55P03")
    assert findings()[FindingKind.OVER_LIMIT].endswith(
        "It gave up waiting for a lock once in 7 days, last in the minutes before 1 March 2026, 12:00 UTC."
    )


def test_of_timeouts_those_that_waited_for_a_lock_are_told_over_the_whole_week() -> None:
    rolled_up(60.0, 60.0, sqlstate="55P03")
    found = rolled_up(20.0, day=1, sqlstate="57014")
    assert (found.timeouts_week, found.lock_timeouts_week) == (3, 2)
    assert findings()[FindingKind.OVER_LIMIT].endswith(
        "it took too long, or gave up waiting for a lock (2 times)."
    )
    assert rolled_up(0.01, day=7).lock_timeouts_week == 0


def test_running_out_of_time_twice_as_often_opens_what_was_closed() -> None:
    rolled_up(20.0, 20.0, sqlstate="57014")
    close(Finding.objects.get(), actor=user(), reason="It was the restore.")
    Finding.objects.update(closed_at=NOON)
    rolled_up(20.0, sqlstate="57014")
    assert not Finding.objects.filter(closed_at=None).exists()
    rolled_up(20.0, sqlstate="57014")
    assert "4 times" in Finding.objects.get(closed_at=None).told


def test_what_silk_sends_is_counted_and_has_no_findings() -> None:
    for origin in ("silk", "GET /silk/requests/"):
        batch([ran(20.0, sqlstate="57014", parameters=70_000)] * 3, at=NOON, repeated=50, origin=origin)
    roll_up()
    assert CapturedStatement.objects.get().timeouts_week == 6
    assert findings() == {}


def test_what_silk_sends_as_well_as_we_do_has_findings() -> None:
    for origin in ("silk", "job associate"):
        batch([ran(20.0, sqlstate="57014")], at=NOON, origin=origin)
    roll_up()
    assert set(findings()) == {FindingKind.OVER_LIMIT}


@pytest.mark.parametrize("executions", [[0.0123], [0.0123] * 60, [0.001] * 10 + [1.7]])
def test_no_percentile_is_above_the_longest_execution(executions: list[float]) -> None:
    found = rolled_up(*executions)
    assert found.p95_week_us is not None
    assert found.p95_now_us is not None
    assert max(found.p95_week_us, found.p95_now_us) <= found.longest_us
    # All of it is of this week.
    assert found.p95_quarter_us == found.p95_week_us


@pytest.mark.parametrize("fields", [{"parameters": 65_536}, {"values": 65_536}])
def test_a_statement_over_the_limit_of_values_is_found(fields: dict[str, int]) -> None:
    rolled_up(0.01, **fields)
    assert set(findings()) == {FindingKind.TOO_MANY}


def test_too_many_values_and_running_out_of_time_are_found_beside_each_other() -> None:
    rolled_up(20.0, sqlstate="57014", values=70_000)
    assert set(findings()) == {FindingKind.OVER_LIMIT, FindingKind.TOO_MANY}
    assert "a list of 70,000 values" in findings()[FindingKind.TOO_MANY]


def test_a_statement_at_the_limit_of_values_is_not() -> None:
    rolled_up(0.01, parameters=65_535, values=65_535)
    assert findings() == {}


def test_a_query_for_each_row_is_found_and_says_where() -> None:
    place = ("/somewhere/patients/selectors.py", 17)
    batch([ran(place=place)], at=NOON, repeated=REPEATED_TOO_OFTEN, origin="GET /api/v1/list")
    batch([ran()], at=NOON, repeated=REPEATED_TOO_OFTEN - 1, origin="GET /api/v1/other")
    roll_up()
    [told] = findings().values()
    assert (
        told == "It was sent 20 times within one GET /api/v1/list, from /somewhere/patients/selectors.py:17."
    )


def test_nothing_is_found_twice() -> None:
    for _ in range(3):
        rolled_up(20.0, sqlstate="57014")
    assert Finding.objects.count() == 1


def test_nothing_is_found_of_statements_that_had_no_room() -> None:
    batch([ran(20.0, OTHER, sqlstate="57014", parameters=70_000)], at=NOON, repeated=50)
    roll_up()
    assert findings() == {}


def test_one_parameter_is_told_as_one() -> None:
    rolled_up(0.01, parameters=1, values=70_000)
    assert findings()[FindingKind.TOO_MANY].startswith(
        "One execution had 1 parameter and a list of 70,000 values; "
    )
