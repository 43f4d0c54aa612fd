"""What a failure calls for: another try later, a few tries, or none."""

from datetime import timedelta
from itertools import count

import psycopg2
import pytest
from celery.exceptions import SoftTimeLimitExceeded
from django.db import DatabaseError, InterfaceError, OperationalError, connection, transaction

from clinical_engine.common.database import execute
from clinical_engine.common.errors import RefusedError
from clinical_engine.jobs import failures
from clinical_engine.jobs.failures import ErrorKind, Failure, PermanentError, wait_before_try
from clinical_engine.jobs.registry import Handled, Handler
from tests.jobs.support import RegisterKind, attempts_of, enqueue, job_of, make_due, work

pytestmark = pytest.mark.usefixtures("committed_db")
# Read before the tests of this folder make it longer.
FIRST_WAIT = failures._FIRST_WAIT


def _database_error(sqlstate: str) -> Exception:
    return _error_of("DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '" + sqlstate + "'; END $$")


def _error_of(statements: str) -> Exception:
    try:
        with transaction.atomic():
            execute(statements)
    except Exception as error:  # noqa: BLE001 - whichever class the driver chooses
        return error
    raise AssertionError


@pytest.mark.parametrize(
    ("sqlstate", "kind"),
    [
        ("40001", ErrorKind.TRANSIENT),
        ("40P01", ErrorKind.TRANSIENT),
        ("53300", ErrorKind.TRANSIENT),
        ("55P03", ErrorKind.TRANSIENT),
        # Of something else than a limit: the client's own end of a COPY has it.
        ("57014", ErrorKind.TRANSIENT),
        ("57P01", ErrorKind.TRANSIENT),
        ("58030", ErrorKind.TRANSIENT),
        ("08006", ErrorKind.TRANSIENT),
        ("23505", ErrorKind.UNKNOWN),
        ("22003", ErrorKind.UNKNOWN),
        ("42501", ErrorKind.UNKNOWN),
        ("42P01", ErrorKind.UNKNOWN),
    ],
)
def test_a_database_error_is_transient_when_its_cause_passes(sqlstate: str, kind: ErrorKind) -> None:
    failure = Failure.of(_database_error(sqlstate))
    assert (failure.kind, failure.sqlstate) == (kind, sqlstate)


def test_a_statement_that_the_server_ended_was_over_its_limit() -> None:
    failure = Failure.of(_error_of("SET LOCAL statement_timeout = '20ms'; SELECT pg_sleep(60)"))
    assert (failure.kind, failure.sqlstate) == (ErrorKind.OVER_LIMIT, "57014")


def _broken_off() -> Exception:
    """What the driver says, and Django makes of it, when a server dies in the middle of its answer."""
    error = DatabaseError()
    error.__cause__ = psycopg2.DatabaseError(
        "error with status PGRES_TUPLES_OK and no message from the libpq"
    )
    return error


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (OperationalError("server closed the connection unexpectedly"), ErrorKind.TRANSIENT),
        (InterfaceError("connection already closed"), ErrorKind.TRANSIENT),
        (_broken_off(), ErrorKind.TRANSIENT),
        (DatabaseError("Save with update_fields did not affect any rows."), ErrorKind.UNKNOWN),
        (ConnectionRefusedError(), ErrorKind.TRANSIENT),
        (TimeoutError(), ErrorKind.TRANSIENT),
        (SoftTimeLimitExceeded(), ErrorKind.TRANSIENT),
        (PermanentError("no"), ErrorKind.PERMANENT),
        (RefusedError(), ErrorKind.PERMANENT),
        (ZeroDivisionError(), ErrorKind.UNKNOWN),
        (MemoryError(), ErrorKind.UNKNOWN),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else value,
)
def test_other_errors_are_classified_too(error: Exception, kind: ErrorKind) -> None:
    assert Failure.of(error).kind is kind


def test_waiting_doubles_with_jitter_up_to_ten_minutes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(failures, "_FIRST_WAIT", FIRST_WAIT)
    waits = {number: [wait_before_try(number) for _ in range(200)] for number in (1, 2, 5, 50, 100_000)}
    for number, seconds in ((1, 2), (2, 4), (5, 32), (50, 600), (100_000, 600)):
        longest = timedelta(seconds=seconds)
        assert all(longest / 2 <= wait <= longest for wait in waits[number])
        assert max(waits[number]) - min(waits[number]) > longest / 4


def test_a_transient_failure_is_tried_again_later(new_kind: RegisterKind) -> None:
    def fail(_: object) -> None:
        raise ConnectionResetError

    kind = new_kind(fail)
    [job_id] = enqueue(kind, 1)
    assert work(kind) == 1
    job = job_of(job_id)
    assert (job.state, job.attempts_used) == ("retryable", 1)
    assert job.next_run_at > attempts_of(job_id)[0].ended_at + timedelta(seconds=0.5)
    assert work(kind) == 0


def _raise(error: Exception) -> Handler:
    def fail(_: object) -> None:
        raise error

    return fail


def _tries_until_it_rests(new_kind: RegisterKind, fail: Handler) -> tuple[str, int]:
    kind = new_kind(fail)
    [job_id] = enqueue(kind, 1)
    for _ in range(30):
        make_due(job_id)
        work(kind)
    job = job_of(job_id)
    assert [attempt.number for attempt in attempts_of(job_id)] == list(range(1, job.attempts_made + 1))
    return job.state, job.attempts_made


def test_a_permanent_failure_is_dead_at_once(new_kind: RegisterKind) -> None:
    assert _tries_until_it_rests(new_kind, _raise(PermanentError("The script divides by zero."))) == (
        "dead",
        1,
    )


def test_an_unknown_failure_is_dead_after_four_tries(new_kind: RegisterKind) -> None:
    assert _tries_until_it_rests(new_kind, _raise(ZeroDivisionError())) == ("dead", 4)


def test_a_transient_failure_is_dead_after_twenty_tries(new_kind: RegisterKind) -> None:
    assert _tries_until_it_rests(new_kind, _raise(_database_error("40P01"))) == ("dead", 20)


def test_tries_are_counted_apart_for_each_kind_of_error(new_kind: RegisterKind) -> None:
    def fail(_: object) -> None:
        raise deadlock if next(tries) <= 10 else ZeroDivisionError()

    tries, deadlock = count(1), _database_error("40P01")
    assert _tries_until_it_rests(new_kind, fail) == ("dead", 14)


def test_a_job_that_failed_is_tried_again_in_the_queue_of_reruns(new_kind: RegisterKind) -> None:
    kind = new_kind(_raise(ZeroDivisionError()))
    [job_id] = enqueue(kind, 1)
    assert job_of(job_id).queue == "default"
    work(kind)
    assert (job_of(job_id).state, job_of(job_id).queue) == ("retryable", "reruns")


def test_the_ledger_survives_a_connection_that_the_server_ended(new_kind: RegisterKind) -> None:
    def lose_connection(_: object) -> None:
        if not lost:
            lost.append(True)
            execute("SELECT pg_terminate_backend(pg_backend_pid())")

    lost: list[bool] = []
    kind = new_kind(lose_connection)
    job_ids = enqueue(kind, 1, 2)
    work(kind)
    assert [job_of(job_id).state for job_id in job_ids] == ["retryable", "retryable"]
    assert [attempts_of(job_id)[0].error_kind for job_id in job_ids] == ["transient", "transient"]
    make_due(*job_ids)
    work(kind)
    assert [job_of(job_id).state for job_id in job_ids] == ["succeeded", "succeeded"]
    assert connection.is_usable()


def test_failures_that_a_handler_tells_job_by_job_are_logged_by_cause(
    new_kind: RegisterKind, caplog: pytest.LogCaptureFixture
) -> None:
    kind = new_kind(lambda batch: Handled(failed={job.id: PermanentError("It cannot be.") for job in batch}))
    job_ids = enqueue(kind, 1, 2, 3)
    work(kind)
    fingerprint = job_of(job_ids[0]).fingerprint
    assert caplog.messages == [f"3 job(s) failed: PermanentError [{fingerprint}]"]
