"""A batch that fails is split: a poison job never fails its neighbours, and costs little."""

from collections.abc import Sequence

import pytest
from celery.exceptions import SoftTimeLimitExceeded

from clinical_engine.jobs.models import Attempt, Job
from clinical_engine.jobs.registry import ClaimedJob, Handled
from patients import services
from patients.jobs import ASSOCIATE
from patients.models import Association, Patient
from tests import factories
from tests.jobs.support import (
    RegisterKind,
    attempts_of,
    enqueue,
    job_of,
    make_due,
    other_connection,
    states_of,
    succeed,
    work,
)

pytestmark = pytest.mark.usefixtures("committed_db")


def test_one_poison_job_among_a_hundred_fails_alone_within_fifteen_transactions(
    new_kind: RegisterKind,
) -> None:
    batches: list[int] = []

    def divide(batch: Sequence[ClaimedJob]) -> None:
        batches.append(len(batch))
        enqueue(written, *(100 // job.payload.number for job in batch))

    written, kind = new_kind(succeed), new_kind(divide)
    job_ids = enqueue(kind, *range(100))
    assert work(kind) == 100
    assert states_of(job_ids) == ["retryable", *["succeeded"] * 99]
    assert len(batches) <= 15
    # Each neighbour's writes are there once: what a failed batch wrote went with it.
    assert Job.objects.filter(kind=written.name).count() == 99
    assert Attempt.objects.count() == 100


def test_poison_at_both_ends_fails_alone_too(new_kind: RegisterKind) -> None:
    def fail(batch: Sequence[ClaimedJob]) -> None:
        if {0, 99} & {job.payload.number for job in batch}:
            raise ZeroDivisionError

    kind = new_kind(fail)
    job_ids = enqueue(kind, *range(100))
    work(kind)
    assert states_of(job_ids) == ["retryable", *["succeeded"] * 98, "retryable"]


def test_a_batch_that_runs_out_of_time_is_tried_one_by_one_from_then_on(new_kind: RegisterKind) -> None:
    def take_too_long(batch: Sequence[ClaimedJob]) -> None:
        if 3 in {job.payload.number for job in batch}:
            raise SoftTimeLimitExceeded

    kind = new_kind(take_too_long)
    job_ids = enqueue(kind, *range(6))
    work(kind)
    assert Attempt.objects.count() == 0
    work(kind, suspects=True)
    assert states_of(job_ids) == [*["succeeded"] * 3, "retryable", *["succeeded"] * 2]
    assert attempts_of(job_ids[3])[0].error_class == "SoftTimeLimitExceeded"


def test_a_handler_can_fail_one_job_and_keep_what_it_wrote_for_all(new_kind: RegisterKind) -> None:
    def fail_the_second(batch: Sequence[ClaimedJob]) -> Handled:
        enqueue(written, *(job.payload.number for job in batch))
        return Handled(failed={job.id: ValueError() for job in batch if job.payload.number == 2})

    written, kind = new_kind(succeed), new_kind(fail_the_second)
    job_ids = enqueue(kind, 1, 2, 3)
    work(kind)
    assert states_of(job_ids) == ["succeeded", "retryable", "succeeded"]
    assert Job.objects.filter(kind=written.name).count() == 3
    assert attempts_of(job_ids[1])[0].error_class == "ValueError"


def test_a_long_job_runs_in_slices_and_lets_others_through_between(new_kind: RegisterKind) -> None:
    order: list[tuple[int, object]] = []

    def slice_by_slice(batch: Sequence[ClaimedJob]) -> Handled:
        [job] = batch
        order.append((job.payload.number, job.cursor))
        done = (job.cursor or {"row": 0})["row"] + 1
        return Handled(continued={job.id: {"row": done}} if job.payload.number == 1 and done < 3 else {})

    kind = new_kind(slice_by_slice, batch_size=1)
    long, short = enqueue(kind, 1, 2)
    assert work(kind) == 4
    assert order == [(1, None), (2, None), (1, {"row": 1}), (1, {"row": 2})]
    assert states_of([long, short]) == ["succeeded", "succeeded"]
    assert [attempt.outcome for attempt in attempts_of(long)] == ["continues", "continues", "succeeded"]
    assert job_of(long).attempts_used == 0


def test_a_slice_that_fails_is_repeated_from_its_own_cursor(new_kind: RegisterKind) -> None:
    seen: list[object] = []

    def slice_by_slice(batch: Sequence[ClaimedJob]) -> Handled | None:
        [job] = batch
        seen.append(job.cursor)
        if job.cursor is None:
            return Handled(continued={job.id: 5})
        if seen.count(5) == 1:
            raise ConnectionResetError
        return None

    kind = new_kind(slice_by_slice, batch_size=1)
    [job_id] = enqueue(kind, 1)
    work(kind)
    make_due(job_id)
    work(kind)
    assert seen == [None, 5, 5]
    assert job_of(job_id).state == "succeeded"


def test_a_patient_locked_by_another_connection_puts_its_job_back_untried_and_no_other() -> None:
    submitter = factories.submitter()
    services.activate(
        submitter=submitter,
        statements=[factories.statement(f"p-{number}") for number in range(4)],
        origin=factories.BY_IMPORT,
    )
    locked = Patient.objects.get(external_id="p-2")
    job = Job.objects.get(patient_id=locked.id)
    with other_connection() as cursor:
        cursor.execute("SELECT FROM patients_patient WHERE id = %s FOR UPDATE", [str(locked.id)])
        assert work(ASSOCIATE) == 4
        job.refresh_from_db()
        assert (job.state, job.attempts_made, job.attempts_used, job.error) == ("available", 0, 0, "")
        assert job.lease_token is None
        assert Association.objects.count() == 3
    make_due(job.id)
    work(ASSOCIATE)
    assert Association.objects.count() == 4
    assert [attempt.outcome for attempt in attempts_of(job.id)] == ["succeeded"]
