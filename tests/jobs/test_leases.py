"""A job ends together with what it wrote, and only in the hands of who still holds it."""

import pytest
from django.db import transaction

from clinical_engine.common.identifiers import new_id
from clinical_engine.jobs import ledger
from clinical_engine.jobs.ledger import Ending
from clinical_engine.jobs.models import Job
from tests.jobs.support import (
    RegisterKind,
    attempts_of,
    claim,
    elsewhere,
    enqueue,
    job_of,
    lose_worker,
    other_connection,
    states_of,
    succeed,
    work,
)

pytestmark = pytest.mark.usefixtures("committed_db")


def test_a_late_finisher_rolls_back_everything_its_handler_wrote(new_kind: RegisterKind) -> None:
    def work_too_slowly(_: object) -> None:
        # A job of another kind stands for whatever a handler writes.
        enqueue(other, 2)
        with elsewhere(take_away) as taken:
            assert taken.result(timeout=60) == 1

    def take_away() -> int:
        lose_worker(job_id)
        return ledger.return_lost()

    other, kind = new_kind(succeed), new_kind(work_too_slowly)
    [job_id] = enqueue(kind, 1)
    work(kind)
    assert not Job.objects.filter(kind=other.name).exists()
    assert [attempt.outcome for attempt in attempts_of(job_id)] == ["lost"]
    assert (job_of(job_id).state, job_of(job_id).attempts_made) == ("retryable", 1)


def test_the_neighbours_of_a_job_that_was_taken_away_still_finish(new_kind: RegisterKind) -> None:
    calls: list[int] = []

    def slow(batch: object) -> None:
        calls.append(1)
        if len(calls) == 1:
            with elsewhere(take_first_away) as taken:
                taken.result(timeout=60)

    def take_first_away() -> int:
        lose_worker(job_ids[0])
        return ledger.return_lost()

    kind = new_kind(slow)
    job_ids = enqueue(kind, 1, 2, 3, 4)
    work(kind)
    assert states_of(job_ids) == ["retryable", "succeeded", "succeeded", "succeeded"]
    assert [len(attempts_of(job_id)) for job_id in job_ids] == [1, 1, 1, 1]


def test_an_end_without_the_lease_raises_and_changes_nothing(new_kind: RegisterKind) -> None:
    kind = new_kind(succeed)
    [job_id] = enqueue(kind, 1)
    claim(kind)
    with pytest.raises(ledger.LeaseLostError), transaction.atomic():
        ledger.end(new_id(), [Ending.succeeded(job_id)])
    assert job_of(job_id).state == "running"
    assert attempts_of(job_id) == []


def test_an_expired_lease_that_nobody_took_back_still_ends_well(new_kind: RegisterKind) -> None:
    kind = new_kind(lambda batch: lose_worker(*(job.id for job in batch)))
    [job_id] = enqueue(kind, 1)
    work(kind)
    assert job_of(job_id).state == "succeeded"


def test_a_job_and_what_it_wrote_become_visible_in_one_moment(new_kind: RegisterKind) -> None:
    seen: list[tuple[int, int]] = []

    def write_and_look(_: object) -> None:
        enqueue(other, 5)
        with other_connection() as cursor:
            cursor.execute(
                "SELECT count(*) FILTER (WHERE kind = %s), count(*) FILTER (WHERE state = 'succeeded') FROM jobs_job",
                [other.name],
            )
            seen.append(cursor.fetchone())

    other, kind = new_kind(succeed), new_kind(write_and_look)
    [job_id] = enqueue(kind, 1)
    work(kind)
    assert seen == [(0, 0)]
    assert job_of(job_id).state == "succeeded"
    assert Job.objects.filter(kind=other.name).count() == 1
