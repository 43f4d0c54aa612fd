"""People set work going again: audited, without using up tries, and once."""

from uuid import UUID

import pytest
from django.contrib.auth.models import User
from django.db import transaction

from clinical_engine.audit.models import AuditEntry
from clinical_engine.common.identifiers import new_id
from clinical_engine.jobs import services
from clinical_engine.jobs.failures import PermanentError
from clinical_engine.jobs.ledger import return_lost
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
    states_of,
    succeed,
    work,
)

pytestmark = pytest.mark.usefixtures("committed_db")


@pytest.fixture
def person(committed_db: None) -> User:
    return User.objects.create_user("support")


def kill(*job_ids: UUID, state: str = "dead") -> None:
    Job.objects.filter(pk__in=job_ids).update(state=state, finished_at=job_of(job_ids[0]).created_at)


@pytest.mark.parametrize("state", ["dead", "invalid_payload", "cancelled"])
def test_a_person_runs_a_job_again_and_the_trail_says_who_what_and_why(
    state: str, new_kind: RegisterKind, person: User
) -> None:
    kind = new_kind(succeed)
    [job_id] = enqueue(kind, 1)
    organisation_id = new_id()
    Job.objects.update(organisation_id=organisation_id)
    kill(job_id, state=state)
    assert services.run_again(actor=person, job_ids=[job_id], reason="The script was mended") == 1
    assert (job_of(job_id).state, job_of(job_id).finished_at) == ("available", None)
    entry = AuditEntry.objects.get()
    assert (entry.actor, entry.action, entry.reason) == (person, "job.run_again", "The script was mended")
    assert (entry.target_type, entry.target_id, entry.organisation_id) == (
        "job",
        str(job_id),
        organisation_id,
    )
    work(kind)
    assert [attempt.trigger for attempt in attempts_of(job_id)] == ["user"]


def test_a_job_that_waits_for_its_next_try_runs_now_when_a_person_asks(
    new_kind: RegisterKind, person: User
) -> None:
    kind = new_kind(lambda _: [].pop())
    [job_id] = enqueue(kind, 1)
    work(kind)
    assert work(kind) == 0
    assert services.run_again(actor=person, job_ids=[job_id], reason="") == 1
    assert work(kind) == 1


def test_a_run_by_a_person_uses_up_no_attempt(new_kind: RegisterKind, person: User) -> None:
    kind = new_kind(lambda _: [].pop())
    [job_id] = enqueue(kind, 1)
    for _ in range(3):
        make_due(job_id)
        work(kind)
    for _ in range(5):
        services.run_again(actor=person, job_ids=[job_id], reason="")
        work(kind)
        assert (job_of(job_id).state, job_of(job_id).attempts_used) == ("retryable", 3)
    make_due(job_id)
    work(kind)
    assert (job_of(job_id).state, job_of(job_id).attempts_used, job_of(job_id).attempts_made) == (
        "dead",
        4,
        9,
    )


def test_a_permanent_failure_is_dead_at_once_for_a_person_too(new_kind: RegisterKind, person: User) -> None:
    def fail(_: object) -> None:
        raise PermanentError("It cannot be.")

    kind = new_kind(fail)
    [job_id] = enqueue(kind, 1)
    kill(job_id, state="cancelled")
    for _ in range(2):
        services.run_again(actor=person, job_ids=[job_id], reason="")
        work(kind)
        assert job_of(job_id).state == "dead"
    assert job_of(job_id).attempts_used == 0


def test_a_dead_job_that_a_person_runs_again_has_one_try(new_kind: RegisterKind, person: User) -> None:
    kind = new_kind(lambda _: [].pop())
    [job_id] = enqueue(kind, 1)
    for _ in range(4):
        make_due(job_id)
        work(kind)
    assert job_of(job_id).state == "dead"
    services.run_again(actor=person, job_ids=[job_id], reason="")
    work(kind)
    assert (job_of(job_id).state, job_of(job_id).attempts_made) == ("dead", 5)


@pytest.mark.parametrize("coalesced", [False, True], ids=["plain job", "coalesced job"])
def test_when_two_people_run_a_job_again_at_once_one_of_them_does(
    coalesced: bool,  # noqa: FBT001 - a parameter of the test
    new_kind: RegisterKind,
    person: User,
) -> None:
    kind = new_kind(succeed)
    [job_id] = enqueue(kind, 1)
    if coalesced:
        Job.objects.update(patient_id=new_id(), dirty_from=job_of(job_id).created_at)
    kill(job_id)

    def run_again() -> int:
        return services.run_again(actor=person, job_ids=[job_id], reason="")

    with transaction.atomic():
        assert run_again() == 1
        with elsewhere(run_again) as second:
            assert second.result(timeout=60) == 0
    assert run_again() == 0
    assert AuditEntry.objects.count() == 1


def test_what_succeeded_runs_or_waits_already_is_left_alone(new_kind: RegisterKind, person: User) -> None:
    kind = new_kind(succeed, batch_size=1)
    done, running, waiting, unknown = [*enqueue(kind, 1, 2, 3), new_id()]
    Job.objects.filter(pk=done).update(state="succeeded", finished_at=job_of(done).created_at)
    [claimed] = claim(kind)
    states = states_of([done, running, waiting])
    assert sorted(states) == ["available", "running", "succeeded"]
    assert services.run_again(actor=person, job_ids=[done, running, waiting, unknown], reason="") == 0
    assert states_of([done, running, waiting]) == states
    assert job_of(claimed.id).state == "running"
    assert not AuditEntry.objects.exists()


def test_a_run_again_that_fails_leaves_neither_change_nor_entry(new_kind: RegisterKind) -> None:
    kind = new_kind(succeed)
    [job_id] = enqueue(kind, 1)
    kill(job_id)
    nobody = User(pk=4711)
    with pytest.raises(Exception, match="jobs_job_last_actor"):
        services.run_again(actor=nobody, job_ids=[job_id], reason="")
    assert job_of(job_id).state == "dead"
    assert not AuditEntry.objects.exists()


def test_a_run_by_a_person_whose_worker_is_lost_is_recorded_as_theirs(
    new_kind: RegisterKind, person: User
) -> None:
    kind = new_kind(succeed)
    [job_id] = enqueue(kind, 1)
    kill(job_id)
    services.run_again(actor=person, job_ids=[job_id], reason="")
    claim(kind, queue="reruns")
    lose_worker(job_id)
    return_lost()
    assert [(a.outcome, a.trigger) for a in attempts_of(job_id)] == [("lost", "user")]
