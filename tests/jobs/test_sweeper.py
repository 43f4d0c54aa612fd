"""The sweeper brings back what a worker, a ring or Redis lost."""

from collections.abc import Sequence

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from clinical_engine.common.database import database_now, execute
from clinical_engine.jobs import ledger, sweeper
from clinical_engine.jobs.models import Job
from clinical_engine.jobs.registry import ClaimedJob, kinds
from tests.jobs.support import (
    RegisterKind,
    attempts_of,
    claim,
    elsewhere,
    enqueue,
    job_of,
    lose_worker,
    make_due,
    other_connection,
    states_of,
    succeed,
    work,
)

pytestmark = pytest.mark.usefixtures("committed_db")


def test_jobs_whose_lease_expired_come_back_with_an_attempt_that_says_lost(new_kind: RegisterKind) -> None:
    kind = new_kind(succeed)
    lost, held = enqueue(kind, 1, 2)
    claim(kind)
    lose_worker(lost)
    assert ledger.return_lost() == 1
    assert states_of([lost, held]) == ["retryable", "running"]
    [attempt] = attempts_of(lost)
    assert (attempt.number, attempt.outcome, attempt.worker) == (1, "lost", "worker:1")
    job = job_of(lost)
    assert (job.lease_token, job.error, job.attempts_made, job.attempts_used) == (None, "worker lost", 1, 0)
    assert ledger.return_lost() == 0


def test_a_job_that_kills_every_worker_ends_dead_and_its_neighbours_survive(new_kind: RegisterKind) -> None:
    kind = new_kind(succeed)
    job_ids = enqueue(kind, *range(20))
    deadly = job_ids[7]
    # The whole batch goes down with the first worker; from then on each job is tried alone.
    claim(kind)
    lose_worker(*job_ids)
    ledger.return_lost()
    for _ in range(200):
        claimed = claim(kind, queue="reruns", suspects=True)
        if not claimed:
            break
        [job] = claimed
        if job.id == deadly:
            lose_worker(deadly)
            ledger.return_lost()
        else:
            Job.objects.filter(pk=job.id).update(
                state="succeeded", lease_token=None, finished_at=job_of(job.id).created_at
            )
    assert states_of([deadly]) == ["dead"]
    assert states_of([job_id for job_id in job_ids if job_id != deadly]) == ["succeeded"] * 19
    assert [attempt.outcome for attempt in attempts_of(deadly)] == ["lost"] * 10


def test_an_innocent_neighbour_succeeds_at_its_first_try_alone(new_kind: RegisterKind) -> None:
    kind = new_kind(succeed)
    job_ids = enqueue(kind, 1, 2, 3)
    claim(kind)
    lose_worker(*job_ids)
    ledger.return_lost()
    assert work(kind) == 0
    assert work(kind, suspects=True) == 3
    assert states_of(job_ids) == ["succeeded"] * 3
    assert [(a.outcome, a.trigger) for a in attempts_of(job_ids[0])] == [
        ("lost", "auto"),
        ("succeeded", "sweeper"),
    ]


def test_a_lost_worker_uses_up_none_of_the_tries_for_failures(new_kind: RegisterKind) -> None:
    kind = new_kind(lambda _: [].pop())
    [job_id] = enqueue(kind, 1)
    for _ in range(5):
        claim(kind)
        claim(kind, queue="reruns", suspects=True)
        lose_worker(job_id)
        ledger.return_lost()
    work(kind, suspects=True)
    assert (job_of(job_id).state, job_of(job_id).attempts_used) == ("retryable", 1)


def test_failures_use_up_none_of_the_ten_lost_workers(new_kind: RegisterKind) -> None:
    def fail(_: object) -> None:
        execute("DO $$ BEGIN RAISE deadlock_detected; END $$")

    kind = new_kind(fail)
    [job_id] = enqueue(kind, 1)
    for _ in range(12):
        make_due(job_id)
        work(kind)
    make_due(job_id)
    assert len(claim(kind, queue="reruns")) == 1
    lose_worker(job_id)
    ledger.return_lost()
    assert job_of(job_id).state == "retryable"


def test_a_sweep_takes_back_at_most_a_thousand_and_the_next_one_the_rest(new_kind: RegisterKind) -> None:
    kind = new_kind(succeed, batch_size=2000)
    job_ids = enqueue(kind, *range(1100))
    assert len(claim(kind)) == 1100
    lose_worker(*job_ids)
    assert [ledger.return_lost() for _ in range(3)] == [1000, 100, 0]


def test_returning_steps_over_a_job_that_is_just_being_ended(new_kind: RegisterKind) -> None:
    taken: list[int] = []

    def end_late(batch: Sequence[ClaimedJob]) -> None:
        lose_worker(batch[0].id)
        with elsewhere(ledger.return_lost) as returned:
            taken.append(returned.result(timeout=60))

    kind = new_kind(end_late)
    [job_id] = enqueue(kind, 1)
    work(kind)
    # The handler's own transaction holds the row.
    assert taken == [0]
    assert job_of(job_id).state == "succeeded"


def test_the_sweeper_finds_every_kind_and_queue_with_something_due_and_only_those(
    new_kind: RegisterKind,
) -> None:
    idle, due, rerun, later, suspect = (
        new_kind(succeed),
        new_kind(succeed),
        new_kind(succeed, queue="reruns"),
        new_kind(succeed),
        new_kind(succeed),
    )
    for kind in (due, rerun, later, suspect):
        enqueue(kind, 1)
    execute("UPDATE jobs_job SET next_run_at = now() + interval '1 day' WHERE kind = %s", [later.name])
    claim(suspect)
    lose_worker(Job.objects.get(kind=suspect.name).id)
    ledger.return_lost()
    found = ledger.due_work([kind.name for kind in (idle, due, rerun, later, suspect)], ["default", "reruns"])
    assert sorted(found) == sorted(
        [(due.name, "default", False), (rerun.name, "reruns", False), (suspect.name, "reruns", True)]
    )


def test_two_sweeps_at_once_are_harmless() -> None:
    with transaction.atomic():
        assert sweeper.sweep()
        with elsewhere(sweeper.sweep) as second:
            assert second.result(timeout=60) is False
    assert sweeper.sweep()


def test_a_sweep_does_not_wait_for_a_job_that_somebody_holds(new_kind: RegisterKind) -> None:
    kind = new_kind(succeed)
    [job_id] = enqueue(kind, 1)
    claim(kind)
    lose_worker(job_id)
    with other_connection() as cursor:
        cursor.execute("SELECT FROM jobs_job FOR UPDATE")
        assert sweeper.sweep()
        assert job_of(job_id).state == "running"
    assert sweeper.sweep()
    assert job_of(job_id).state == "retryable"


def test_the_time_of_the_last_sweep_is_kept() -> None:
    assert sweeper.last_sweep() is None
    began = database_now()
    sweeper.sweep()
    first = sweeper.last_sweep()
    sweeper.sweep()
    second = sweeper.last_sweep()
    assert first is not None
    assert second is not None
    assert began < first < second < database_now()


def test_a_sweep_costs_the_same_number_of_statements_however_much_is_due(new_kind: RegisterKind) -> None:
    kind = new_kind(succeed)

    def statements() -> int:
        with CaptureQueriesContext(connection) as captured:
            sweeper.sweep()
        return len(captured)

    sweeper.sweep()
    before = statements()
    job_ids = enqueue(kind, *range(300))
    claim(kind)
    lose_worker(*job_ids)
    assert statements() == before


def test_every_kind_of_the_engine_has_a_queue_that_is_swept(settings: Settings) -> None:
    assert {kind.queue for kind in kinds()} <= set(settings.JOB_QUEUES)
