"""Statements that fail are counted by how they failed, and fail as they would without the capture."""

import os
import signal
from collections.abc import Iterator
from contextlib import closing, suppress
from types import FrameType
from typing import Any

import psycopg2
import pytest
from celery.exceptions import SoftTimeLimitExceeded
from django.db import OperationalError, connection, transaction
from pytest_django import Settings

from clinical_engine.common.database import execute, fetch_all
from clinical_engine.profiling.capture import errors
from clinical_engine.profiling.capture.units import unit_of_work
from clinical_engine.profiling.fingerprints import NOT_SQL, shape_of
from clinical_engine.profiling.silk.noting import noting
from tests.jobs.support import other_connection, wait_for_a_lock_to_be_waited_for
from tests.patients.concurrency import Threads
from tests.profiling.capture.support import capturing

pytestmark = pytest.mark.django_db
SLEEP = "SELECT pg_sleep(%s), 'Jane Doe'"


@pytest.fixture
def own() -> Iterator[Any]:
    """A connection of the driver, with the engine's cursor, that a test may break."""
    with closing(psycopg2.connect(**connection.get_connection_params())) as made:
        made.autocommit = True
        yield made


@transaction.atomic
def _limited(limit: str, statement: str, parameter: int) -> None:
    execute(f"SET LOCAL {limit}")
    execute(statement, [parameter])


def test_an_error_of_the_database_is_a_failure(own: Any) -> None:
    with capturing() as noted, own.cursor() as cursor, pytest.raises(psycopg2.errors.DivisionByZero):
        cursor.execute("SELECT 1 / %s", [0])
    found = noted.of("SELECT ? / ?")
    assert (found.calls, found.failures, found.timeouts, found.rows) == (1, 1, 0, 0)


@pytest.mark.parametrize("text", ["this is no SQL at all", "SELECT '", "SELECT '\ud800' x", ""])
def test_what_is_no_statement_is_a_failure_of_its_own_and_can_be_stored(own: Any, text: str) -> None:
    with capturing() as noted, own.cursor() as cursor, pytest.raises((psycopg2.ProgrammingError, ValueError)):
        cursor.execute(text)
    [found] = noted.counted
    assert (found.calls, found.failures) == (1, 1)
    assert fetch_all("SELECT %s", [found.shape]) == [(found.shape,)]


@pytest.mark.parametrize(
    "text",
    [
        "SELECT * FROM patients_patient WHERE external_id = 'O'Markbrien'",
        b"SELECT * FROM patients_patient WHERE external_id = 'O'Markbrien'",
        f"SELECT * FROM patients_patient WHERE external_id = 'O'Markbrien' OR id IN ({'1,' * 4_000}2)",
        "COPY (SELECT 'O'Mark brien') TO STDOUT",
    ],
)
def test_what_is_no_sql_is_counted_under_one_shape_with_nothing_of_its_text(own: Any, text: Any) -> None:
    with capturing() as noted, own.cursor() as cursor:
        with pytest.raises(psycopg2.errors.SyntaxError):
            cursor.execute(text)
        with pytest.raises(psycopg2.errors.SyntaxError), unit_of_work("job a"), noting() as recorded:
            cursor.execute("SELECT 'O'Mark brien")
    assert {each.shape for each in noted.counted} == {"(not SQL)"} == {NOT_SQL}
    assert {each.fingerprint for each in noted.counted} == {shape_of(NOT_SQL).fingerprint}
    assert min((each.origin, each.calls, each.failures) for each in noted.counted) == ("job a", 1, 1)
    assert all(each.place.startswith("tests/profiling/capture/test_errors.py:") for each in noted.counted)
    assert [each.shape for each in recorded.statements] == ["(not SQL)"]


def test_a_server_side_cursor_that_is_no_sql_keeps_nothing_of_its_text(own: Any) -> None:
    own.autocommit = False
    with capturing() as noted, own.cursor("named") as cursor, pytest.raises(psycopg2.errors.SyntaxError):
        cursor.execute("SELECT 'O'Mark brien")
    assert [each.shape for each in noted.counted] == ["(not SQL)"]


@pytest.mark.parametrize(("text", "parameters"), [("", None), ("SELECT %s", []), ("SELECT %s", [object()])])
def test_what_is_not_sent_at_all_has_no_size(own: Any, text: str, parameters: Any) -> None:
    with own.cursor() as cursor:
        cursor.execute(f"SELECT '{'x' * 5_000}'")
        with capturing() as noted, suppress(psycopg2.ProgrammingError, IndexError):
            cursor.execute(text, parameters)
    [found] = noted.counted
    assert (found.failures, found.bytes_most) == (1, 0)


def test_a_text_that_postgresql_cannot_hold_is_stored_without_what_it_cannot(own: Any) -> None:
    with capturing() as noted, own.cursor() as cursor, suppress(psycopg2.Error, ValueError):
        cursor.execute("SELECT 1 AS \0 column")
    [found] = noted.counted
    assert "\0" not in found.shape


@pytest.mark.parametrize("query", [17, None, ["SELECT 1"]])
def test_what_is_not_even_text_fails_as_without_the_capture(own: Any, query: Any) -> None:
    with capturing() as noted, own.cursor() as cursor, pytest.raises((TypeError, psycopg2.ProgrammingError)):
        cursor.execute(query)
    assert [each.failures for each in noted.counted] == [1]


def test_parameters_that_do_not_fit_fail_as_without_the_capture(own: Any) -> None:
    with capturing() as noted, own.cursor() as cursor:
        with pytest.raises(IndexError):
            cursor.execute("SELECT %s, %s", [1])
        with pytest.raises(TypeError):
            cursor.execute("SELECT %s", 5)
        with pytest.raises(TypeError):
            cursor.executemany("SELECT %s", 5)
        with pytest.raises(psycopg2.ProgrammingError):
            cursor.execute("SELECT %s", [object()])
    assert sum(each.failures for each in noted.counted) == 3


def test_a_statement_that_ran_out_of_time_is_told_by_its_fingerprint_and_not_by_its_text() -> None:
    with capturing() as noted, pytest.raises(OperationalError) as raised:
        _limited("statement_timeout = '30ms'", SLEEP, 5)
    found = noted.of("pg_sleep")
    assert (found.failures, found.timeouts) == (1, 1)
    assert 30_000 <= found.longest_us < 5_000_000
    assert errors.fingerprint_of(raised.value) == shape_of(SLEEP).fingerprint == found.fingerprint
    cause = raised.value.__cause__
    assert cause is not None
    assert "Jane" not in repr(vars(cause)) + str(cause)


@pytest.mark.parametrize(("usual_ms", "timeouts"), [(20, 1), (5_000, 0)])
def test_a_statement_that_waited_in_vain_for_a_lock_is_a_timeout_unless_it_wanted_to_wait_less_than_usual(
    own: Any, settings: Settings, usual_ms: int, timeouts: int
) -> None:
    settings.LOCK_TIMEOUT_MS = usual_ms
    with own.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(47)")
    with capturing() as noted, pytest.raises(OperationalError) as raised:
        _limited("lock_timeout = '20ms'", "SELECT pg_advisory_xact_lock(%s)", 47)
    found = noted.of("pg_advisory_xact_lock")
    assert (found.failures, found.timeouts) == (1, timeouts)
    assert errors.fingerprint_of(raised.value)


def test_a_statement_that_somebody_cancelled_has_failed_and_was_over_no_limit(own: Any) -> None:
    with capturing() as noted, own.cursor() as cursor, pytest.raises(psycopg2.errors.QueryCanceled) as raised:
        cursor.execute("SELECT pg_cancel_backend(pg_backend_pid()), pg_sleep(5)")
    found = noted.of("pg_cancel_backend")
    assert (found.failures, found.timeouts) == (1, 0)
    assert errors.fingerprint_of(raised.value) == ""


def test_other_errors_name_no_statement(own: Any) -> None:
    with capturing(), own.cursor() as cursor, pytest.raises(psycopg2.Error) as raised:
        cursor.execute("SELECT 1 / 0")
    assert errors.fingerprint_of(raised.value) == ""
    assert errors.fingerprint_of(ValueError()) == ""


def test_a_connection_that_ends_in_the_midst_is_a_failure(own: Any) -> None:
    with capturing() as noted, own.cursor() as cursor, pytest.raises(psycopg2.OperationalError):
        cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")
    found = noted.of("pg_terminate_backend")
    assert (found.failures, found.timeouts) == (1, 0)


@pytest.mark.parametrize("error", [SoftTimeLimitExceeded, KeyboardInterrupt])
def test_who_is_interrupted_within_a_statement_is_so_and_the_statement_counts(
    own: Any, error: type[BaseException]
) -> None:
    def interrupt(_: int, __: FrameType | None) -> None:
        raise error

    def interrupt_once_it_is_sent() -> None:
        wait_for_a_lock_to_be_waited_for()
        os.kill(os.getpid(), signal.SIGALRM)
        holder.execute("SELECT pg_sleep(0.5)")
        holder.connection.rollback()

    before = signal.signal(signal.SIGALRM, interrupt)
    try:
        with Threads(1) as threads, other_connection() as holder:
            holder.execute("SELECT pg_advisory_xact_lock(48)")
            threads.start(interrupt_once_it_is_sent)
            with capturing() as noted, own.cursor() as cursor, pytest.raises(error):
                cursor.execute("SELECT pg_advisory_xact_lock(%s), 'Jane Doe'", [48])
    finally:
        signal.signal(signal.SIGALRM, before)
    found = noted.of("pg_advisory_xact_lock")
    assert (found.calls, found.failures) == (1, 1)
    assert found.time_us >= 500_000
    with capturing() as again, own.cursor() as cursor:
        cursor.execute("SELECT 2 AS goes_on")
    assert again.of("goes_on").failures == 0
