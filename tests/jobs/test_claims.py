"""Leasing: each due job goes to one worker, in order, only where it can be decoded."""

from datetime import timedelta
from itertools import chain

import pytest
from pytest_django import Settings

from clinical_engine.common.database import execute
from clinical_engine.common.identifiers import new_id
from clinical_engine.jobs import ledger
from clinical_engine.jobs.models import Job
from tests.jobs.support import (
    RegisterKind,
    claim,
    elsewhere,
    enqueue,
    job_of,
    lose_worker,
    make_due,
    other_connection,
    succeed,
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
    assert (stored.id, stored.payload, stored.trigger) == (job_id, '{"number": 1}', "auto")
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
    for job_id, seconds in ((late, 10), (middle, 20), (early, 30)):
        execute(
            "UPDATE jobs_job SET next_run_at = now() - %s * interval '1 second' WHERE id = %s",
            [seconds, job_id],
        )
    # The index would give them in this order of its own accord, the table in that of the updates.
    execute("SET enable_indexscan = off")
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
    assert claim(rerun, queue="default") == []
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
    Job.objects.filter(pk=new).update(revised_payload={"number": 2}, revised_version=2)
    assert [job.id for job in claim(kind)] == [old]
    assert ledger.due_work([kind.name], ["default"]) == [(kind.name, "default", False)]
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
        claimed = [job.id for future in (one, two, three) for job in future.result(timeout=60)]
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
    assert [len(claim(kind, queue="reruns", suspects=True)) for _ in range(3)] == [1, 1, 0]
