"""What runs a statement, where it is sent from, and how often within one unit of work."""

from collections.abc import Callable, Iterator
from threading import Thread

import pytest
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.db import ProgrammingError, connection

from clinical_engine.common.database import execute, fetch_all
from clinical_engine.profiling.capture import units
from clinical_engine.profiling.capture.units import in_parts, overheard, unit_of_work
from clinical_engine.profiling.fingerprints import shape_of
from tests.profiling.capture.support import Noted, capturing

pytestmark = pytest.mark.django_db


def origins(noted: Noted) -> dict[str, str]:
    return {each.shape: each.origin for each in noted.counted}


def test_a_statement_counts_for_the_innermost_unit() -> None:
    with capturing() as noted:
        with unit_of_work("task a"):
            execute("SELECT 1 AS before")
            with unit_of_work(lambda: "job b"):
                execute("SELECT 1 AS during")
            execute("SELECT 1 AS after")
        execute("SELECT 1 AS outside")
    assert origins(noted) == {
        "SELECT ? AS before": "task a",
        "SELECT ? AS during": "job b",
        "SELECT ? AS after": "task a",
        "SELECT ? AS outside": "outside of requests and jobs",
    }


def test_a_unit_that_fails_has_counted_what_it_sent() -> None:
    with capturing() as noted, pytest.raises(ProgrammingError), unit_of_work("job a"):
        _fails()
    assert origins(noted) == {"SELECT ? AS before": "job a", "SELECT missing": "job a"}


def _fails() -> None:
    execute("SELECT 1 AS before")
    execute("SELECT missing")


def test_threads_have_units_of_their_own() -> None:
    def run() -> None:
        try:
            execute("SELECT 1 AS elsewhere")
        finally:
            connection.close()

    with capturing() as noted, unit_of_work("job a"):
        thread = Thread(target=run)
        thread.start()
        thread.join()
    assert origins(noted) == {"SELECT ? AS elsewhere": "outside of requests and jobs"}


def test_what_is_done_between_the_parts_of_an_answer_is_not_of_it() -> None:
    def parts() -> Iterator[bytes]:
        for _ in range(2):
            execute("SELECT 1 AS part")
            yield b"part"

    with capturing() as noted:
        for _ in in_parts(parts(), lambda: "GET /export"):
            execute("SELECT 1 AS between_them")
    assert origins(noted) == {
        "SELECT ? AS part": "GET /export",
        "SELECT ? AS between_them": "outside of requests and jobs",
    }
    assert noted.of("part").calls == 2


def test_an_answer_that_nobody_reads_to_its_end_leaves_nothing_behind() -> None:
    def parts() -> Iterator[bytes]:
        while True:
            execute("SELECT 1 AS part")
            yield b"part"

    with capturing() as noted:
        reading = in_parts(parts(), lambda: "GET /export")
        next(reading)
        reading.close()  # type: ignore[attr-defined]
        execute("SELECT 1 AS after")
    assert origins(noted) == {
        "SELECT ? AS part": "GET /export",
        "SELECT ? AS after": "outside of requests and jobs",
    }


def test_whoever_listens_hears_of_each_statement_and_it_counts_all_the_same() -> None:
    heard: list[units.Execution] = []
    with capturing() as noted, unit_of_work("job a"), overheard(heard.append):
        execute("SELECT 1 AS heard")
    assert [each.text for each in heard] == ["SELECT 1 AS heard"]
    assert noted.of("heard").origin == "job a"


def _helper() -> None:
    execute("SELECT 1 AS helped")


def test_a_place_is_the_innermost_line_of_ours_that_is_no_helper_of_the_database() -> None:
    here = "tests/profiling/capture/test_units.py"
    with capturing() as noted:
        _helper()
        list(User.objects.all())
    assert noted.of("helped").place == f"{here}:{_helper.__code__.co_firstlineno + 1}"
    assert noted.of("auth_user").place.startswith(f"{here}:")


def _one_for_each(send: Callable[[int], object], number: int) -> int:
    with capturing() as noted, unit_of_work("GET /list"):
        for each in range(number):
            send(each)
    # As the roll-up has it, which knows statements by their fingerprints.
    return max(each.repeated_most for each in noted.counted)


REPEATING: dict[str, Callable[[int], object]] = {
    "with a parameter": lambda n: fetch_all("SELECT 1 FROM auth_user WHERE id = %s", [n]),
    "by the ORM": lambda n: User.objects.filter(pk=n).exists(),
    "with its value in the text": lambda n: fetch_all(
        f"SELECT 1 FROM auth_user WHERE id = {n} AND email = 'm{n}'"
    ),
    "with a longer list each time": lambda n: list(User.objects.filter(pk__in=range(n + 1))),
}


@pytest.mark.parametrize("way", REPEATING)
def test_a_query_for_each_row_is_counted_within_its_unit(way: str) -> None:
    assert _one_for_each(REPEATING[way], 25) == 25


def test_a_query_for_each_row_is_counted_however_many_there_are() -> None:
    assert _one_for_each(REPEATING["with a parameter"], 1_730) == 1_730


def test_what_a_small_unit_sends_ran_once_at_least() -> None:
    assert _one_for_each(REPEATING["with a parameter"], 3) >= 1


def test_the_same_in_several_units_is_no_repetition() -> None:
    with capturing() as noted:
        for number in range(30):
            with unit_of_work("GET /one"):
                REPEATING["with a parameter"](number)
                REPEATING["by the ORM"](number)
    assert max(each.repeated_most for each in noted.counted) < 10


def test_several_statements_from_one_place_are_no_repetition_of_each_other() -> None:
    with capturing() as noted, unit_of_work("GET /many"):
        for model in (User, Session) * 12:
            model.objects.exists()
    assert {each.repeated_most for each in noted.counted} == {12}


def test_a_unit_that_never_ends_holds_few_executions_and_few_counts() -> None:
    handed: list[int] = []
    unit = units.Unit(lambda: "job a", lambda _, executions, __: handed.append(len(executions)))
    for number in range(20_000):
        text = f"SELECT {'x' * (number % 4_000)}_{number}"
        unit.add(units.Execution(text, None, 0.001, 1, 0, 0, 20, None))
    assert sum(handed) == 20_000
    assert max(handed) == 500
    assert len(unit._repeated) <= 2_000


def test_without_capture_nothing_is_noted_and_everything_works() -> None:
    before = units.capture_into(None)
    try:
        with unit_of_work("job a"):
            assert units.current() is None
            assert fetch_all("SELECT 1") == [(1,)]
            with connection.chunked_cursor() as cursor:
                cursor.execute("SELECT 2")
                assert cursor.fetchall() == [(2,)]
        assert list(in_parts(iter([b"part"]), lambda: "GET /x")) == [b"part"]
    finally:
        units.capture_into(before)


def test_a_fingerprint_is_that_of_the_text() -> None:
    with capturing() as noted:
        execute("SELECT 1 AS known")
    assert noted.of("known").fingerprint == shape_of("SELECT 1 AS known").fingerprint
