"""A job whose statement takes longer than it may: told apart, tried alone, and not hammered on the database."""

from collections.abc import Sequence
from datetime import timedelta

import pytest

from clinical_engine.common.database import execute
from clinical_engine.jobs import circuits, worker
from clinical_engine.jobs.failures import TRIES, ErrorKind, wait_before_try
from clinical_engine.jobs.models import Circuit
from clinical_engine.jobs.registry import ClaimedJob
from clinical_engine.profiling.fingerprints import shape_of
from tests.jobs.support import (
    RegisterKind,
    attempts_of,
    enqueue,
    job_of,
    make_due,
    other_connection,
    states_of,
    work,
)

pytestmark = pytest.mark.usefixtures("committed_db")
SLOW = "SELECT pg_sleep(%s)"
NAME = shape_of(SLOW).fingerprint


class SlowStatement:
    """A handler whose statement is over its limit for some of the jobs."""

    def __init__(self, *numbers: int) -> None:
        self.slow_for = set(numbers)
        self.asked: list[list[int]] = []

    def __call__(self, batch: Sequence[ClaimedJob]) -> None:
        numbers = [job.payload.number for job in batch]
        self.asked.append(numbers)
        if self.slow_for & set(numbers):
            execute("SET LOCAL statement_timeout = '20ms'")
            execute(SLOW, [5])


def test_the_attempt_names_the_statement_and_groups_by_it(new_kind: RegisterKind) -> None:
    kind = new_kind(SlowStatement(1, 2))
    [first] = enqueue(kind, 1)
    work(kind)
    [second] = enqueue(kind, 2)
    work(kind)
    [attempt] = attempts_of(first)
    assert (attempt.error_kind, attempt.sqlstate) == ("over_limit", "57014")
    assert attempt.message == f"Statement {NAME} was over its time limit."
    assert attempt.frames[-1].endswith("common/database.py:38 execute") or "execute" in attempt.frames[-1]
    assert attempt.fingerprint == attempts_of(second)[0].fingerprint
    assert "%s" not in attempt.message
    assert NAME in job_of(first).error


def test_the_log_names_the_statement_of_a_job_and_of_a_batch(
    new_kind: RegisterKind, caplog: pytest.LogCaptureFixture
) -> None:
    kind = new_kind(SlowStatement(1, 2))
    [job_id] = enqueue(kind, 1)
    work(kind)
    enqueue(kind, 2, 3)
    work(kind)
    told = f"Statement {NAME} was over its time limit. (OperationalError sqlstate=57014)"
    group = attempts_of(job_id)[0].fingerprint
    assert caplog.messages == [
        f"1 job(s) failed: {told} [{group}]",
        f"2 job(s) take too long together: {told} [{group}]",
    ]


def test_a_batch_is_given_back_untried_and_only_the_job_to_blame_fails(new_kind: RegisterKind) -> None:
    handler = SlowStatement(3)
    kind = new_kind(handler)
    job_ids = enqueue(kind, *range(10))
    work(kind)
    assert handler.asked == [list(range(10))]
    assert not attempts_of(job_ids[3])
    work(kind, suspects=True)
    assert sorted(handler.asked[1:]) == [[number] for number in range(10)]
    states = states_of(job_ids)
    assert states.pop(3) == "retryable"
    assert states == ["succeeded"] * 9
    # What the batch had noted of the kind is forgotten with the first success.
    assert Circuit.objects.count() <= 1
    assert not Circuit.objects.filter(open_until__isnull=False).exists()


def test_when_no_batch_of_a_kind_gets_through_it_rests_instead_of_trying_each_job(
    new_kind: RegisterKind,
) -> None:
    handler = SlowStatement(*range(100))
    kind = new_kind(handler, batch_size=2)
    job_ids = enqueue(kind, *range(40))
    for _ in range(20):
        work(kind)
        work(kind, suspects=True)
    assert len(handler.asked) == circuits.OPENS_AFTER
    assert set(states_of(job_ids)) <= {"available", "retryable"}
    handler.slow_for = set()
    execute("UPDATE jobs_circuit SET open_until = clock_timestamp() - interval '1 second'")
    make_due(*job_ids)
    work(kind)
    work(kind, suspects=True)
    assert set(states_of(job_ids)) == {"succeeded"}
    assert not Circuit.objects.exists()


def test_a_job_alone_is_no_reason_for_its_kind_to_rest(new_kind: RegisterKind) -> None:
    handler = SlowStatement(1)
    kind = new_kind(handler)
    [job_id] = enqueue(kind, 1)
    for _ in range(30):
        make_due(job_id)
        work(kind)
    assert (job_of(job_id).state, len(attempts_of(job_id))) == ("dead", TRIES[ErrorKind.OVER_LIMIT])
    assert not Circuit.objects.exists()


def test_it_waits_longer_than_after_an_error_that_costs_nothing() -> None:
    for number, minutes in ((1, 1), (2, 2), (3, 4), (9, 10)):
        longest = timedelta(minutes=minutes)
        assert longest / 2 <= wait_before_try(number, ErrorKind.OVER_LIMIT) <= longest


NEEDS_A_TABLE = "SELECT FROM patients_association LIMIT %s"


def wait_for_a_table(batch: Sequence[ClaimedJob]) -> None:
    execute("SET LOCAL lock_timeout = '20ms'")
    execute(NEEDS_A_TABLE, [len(batch)])


def test_of_jobs_that_wait_for_a_lock_the_log_has_one_line_with_kind_and_statement(
    new_kind: RegisterKind, caplog: pytest.LogCaptureFixture
) -> None:
    kind = new_kind(wait_for_a_table)
    job_ids = enqueue(kind, *range(4))
    worker._told_of_locks.clear()
    with other_connection() as cursor:
        cursor.execute("LOCK TABLE patients_association IN ACCESS EXCLUSIVE MODE")
        for _ in range(3):
            make_due(*job_ids)
            work(kind)
    sentence = f"Statement {shape_of(NEEDS_A_TABLE).fingerprint} waited too long for a lock that something else holds."
    told = [line for line in caplog.messages if "lock" in line]
    assert told == [f"Jobs of the kind {kind.name} are given back, untried: {sentence}"]
    assert set(states_of(job_ids)) == {"available"}
    assert not any(attempts_of(job_id) for job_id in job_ids)
