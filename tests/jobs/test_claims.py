"""Leasing: each due job goes to one worker, in order, only where it can be decoded."""

from datetime import timedelta
from itertools import chain

import pytest
from django.db import transaction
from pytest_django import Settings

from clinical_engine.common.database import execute
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
    make_due,
    other_connection,
    states_of,
    succeed,
    work,
)

pytestmark = pytest.mark.usefixtures("committed_db")


def test_a_claim_leases_the_jobs_to_one_token_and_says_who_holds_them(
    new_kind: RegisterKind, settings: Settings
) -> None:
    settings.JOB_LEASE = timedelta(seconds=120)
    settings.RELEASE = "2026.11"
    kind = new_kind(succeed)
    [job_id] = enqueue(kind, 1)
    token = new_id()
    [stored] = claim(kind, token=token)
    job = job_of(job_id)
    assert (stored.id, stored.payload, stored.attempts_used) == (job_id, {"number": 1}, 0)
    assert (job.state, job.lease_token, job.claimed_by, job.claimed_release) == (
        "running",
        token,
        "worker:1",
        "2026.11",
    )
    assert job.lease_expires_at is not None
    assert job.claimed_at is not None
    assert timedelta(seconds=119) < job.lease_expires_at - job.claimed_at < timedelta(seconds=121)


def test_a_claim_takes_at_most_the_batch_of_its_kind(new_kind: RegisterKind) -> None:
    kind = new_kind(succeed, batch_size=3)
    enqueue(kind, *range(5))
    assert [len(claim(kind)) for _ in range(3)] == [3, 2, 0]


def test_a_claim_takes_the_jobs_that_have_been_due_longest(new_kind: RegisterKind) -> None:
    kind = new_kind(succeed, batch_size=2)
    late, middle, early = enqueue(kind, 1, 2, 3)
    for job_id, seconds in ((early, 30), (middle, 20), (late, 10)):
        execute(
            "UPDATE jobs_job SET next_run_at = now() - %s * interval '1 second' WHERE id = %s",
            [seconds, job_id],
        )
    assert {job.id for job in claim(kind)} == {early, middle}
    assert [job.id for job in claim(kind)] == [late]


def test_a_claim_leaves_what_is_not_due_yet(new_kind: RegisterKind) -> None:
    kind = new_kind(succeed)
    [job_id] = enqueue(kind, 1)
    Job.objects.filter(pk=job_id).update(next_run_at=job_of(job_id).created_at + timedelta(hours=1))
    assert claim(kind) == []
    make_due(job_id)
    assert len(claim(kind)) == 1


def test_a_claim_takes_only_its_own_kind_and_queue(new_kind: RegisterKind) -> None:
    kind, other, rerun = new_kind(succeed), new_kind(succeed), new_kind(succeed, queue="reruns")
    enqueue(other, 1)
    enqueue(rerun, 2)
    assert claim(kind) == []
    assert ledger.claim(rerun, "default", new_id(), "worker:1") == []
    assert len(claim(rerun)) == 1


@pytest.mark.parametrize(
    "state", ["running", "succeeded", "dead", "invalid_payload", "cancelled"], ids=lambda s: f"{s} job"
)
def test_a_claim_never_takes_a(state: str, new_kind: RegisterKind) -> None:
    kind = new_kind(succeed)
    [job_id] = enqueue(kind, 1)
    execute(
        """
        UPDATE jobs_job SET state = %s, lease_token = CASE WHEN %s THEN id END,
            lease_expires_at = CASE WHEN %s THEN clock_timestamp() + interval '1 minute' END,
            finished_at = CASE WHEN NOT %s THEN clock_timestamp() END
        WHERE id = %s
        """,
        [state, *[state == "running"] * 3, job_id],
    )
    assert claim(kind) == []


def test_a_job_of_a_newer_format_waits_for_a_release_that_reads_it(new_kind: RegisterKind) -> None:
    kind = new_kind(succeed)
    old, new = enqueue(kind, 1, 2)
    Job.objects.filter(pk=new).update(payload_version=2)
    assert [job.id for job in claim(kind)] == [old]
    assert ledger.due_work([kind], ["default"]) == []
    assert job_of(new).state == "available"


def test_a_claim_steps_over_jobs_that_another_connection_has_locked(new_kind: RegisterKind) -> None:
    kind = new_kind(succeed)
    locked, free = enqueue(kind, 1, 2)
    with other_connection() as cursor:
        cursor.execute("SELECT FROM jobs_job WHERE id = %s FOR UPDATE", [str(locked)])
        assert [job.id for job in claim(kind)] == [free]
    assert [job.id for job in claim(kind)] == [locked]


def test_workers_that_claim_at_once_share_the_jobs_without_overlap(new_kind: RegisterKind) -> None:
    kind = new_kind(succeed, batch_size=7)
    job_ids = enqueue(kind, *range(100))

    def claim_all() -> list[ledger.Stored]:
        return list(chain.from_iterable(iter(lambda: claim(kind), [])))

    with elsewhere(claim_all) as one, elsewhere(claim_all) as two, elsewhere(claim_all) as three:
        claimed = [job.id for future in (one, two, three) for job in future.result(timeout=30)]
    assert sorted(claimed) == sorted(job_ids)


def test_a_claim_leaves_suspects_and_a_claim_for_suspects_takes_them_one_alone(
    new_kind: RegisterKind,
) -> None:
    kind = new_kind(succeed)
    lost = enqueue(kind, 1, 2)
    claim(kind)
    lose_worker(*lost)
    assert ledger.return_lost() == 2
    [innocent] = enqueue(kind, 3)
    assert [job.id for job in claim(kind)] == [innocent]
    assert [len(claim(kind, suspects=True)) for _ in range(3)] == [1, 1, 0]


def test_a_late_finisher_rolls_back_everything_its_handler_wrote(new_kind: RegisterKind) -> None:
    def work_too_slowly(_: object) -> None:
        # A job of another kind stands for whatever a handler writes.
        enqueue(other, 2)
        with elsewhere(take_away) as taken:
            assert taken.result(timeout=10) == 1

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
                taken.result(timeout=10)

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
