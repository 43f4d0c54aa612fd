"""People end work without doing it: audited, once, and only what may be ended."""

import pytest
from django.contrib.auth.models import User
from django.db import transaction

from clinical_engine.audit.models import AuditEntry
from clinical_engine.common.identifiers import new_id
from clinical_engine.jobs import services
from clinical_engine.jobs.failures import PermanentError
from clinical_engine.jobs.models import Job
from tests.jobs.support import (
    RegisterKind,
    attempts_of,
    claim,
    elsewhere,
    enqueue,
    job_of,
    states_of,
    succeed,
    work,
)

pytestmark = pytest.mark.usefixtures("committed_db")


@pytest.fixture
def person(committed_db: None) -> User:
    return User.objects.create_user("support")


def refuse(_: object) -> None:
    raise PermanentError("never")


def test_a_waiting_job_is_cancelled_and_never_done(new_kind: RegisterKind, person: User) -> None:
    kind = new_kind(succeed)
    first, second = enqueue(kind, 1, 2)
    organisation_id = new_id()
    Job.objects.filter(pk=first).update(organisation_id=organisation_id)
    assert services.cancel(actor=person, job_ids=[first], reason="sent twice") == 1
    work(kind)
    assert states_of([first, second]) == ["cancelled", "succeeded"]
    assert job_of(first).finished_at is not None
    assert job_of(first).last_actor == person
    entry = AuditEntry.objects.get()
    assert (entry.actor, entry.action, entry.reason) == (person, "job.cancel", "sent twice")
    assert (entry.target_id, entry.organisation_id) == (str(first), organisation_id)


def test_a_failed_job_is_discarded_with_its_failure_kept_and_can_still_be_run_again(
    new_kind: RegisterKind, person: User
) -> None:
    kind = new_kind(refuse)
    [job_id] = enqueue(kind, 1)
    work(kind)
    cause = job_of(job_id).fingerprint
    assert services.discard(actor=person, job_ids=[job_id], reason="a test patient") == 1
    job = job_of(job_id)
    assert (job.state, job.fingerprint, job.last_actor) == ("cancelled", cause, person)
    assert [entry.action for entry in AuditEntry.objects.all()] == ["job.discard"]
    assert services.run_again(actor=person, job_ids=[job_id], reason="was real") == 1
    work(kind)
    assert [attempt.trigger for attempt in attempts_of(job_id)] == ["auto", "user"]


def test_each_leaves_alone_what_it_is_not_for(new_kind: RegisterKind, person: User) -> None:
    failing, working = new_kind(refuse), new_kind(succeed)
    [dead], [done] = enqueue(failing, 1), enqueue(working, 1)
    work(failing)
    work(working)
    [running] = enqueue(working, 2)
    claim(working)
    [waiting] = enqueue(working, 3)
    everything = [dead, done, running, waiting]
    assert services.cancel(actor=person, job_ids=everything, reason="") == 1
    assert states_of(everything) == ["dead", "succeeded", "running", "cancelled"]
    assert services.discard(actor=person, job_ids=everything, reason="") == 1
    assert states_of(everything) == ["cancelled", "succeeded", "running", "cancelled"]
    assert {entry.target_id for entry in AuditEntry.objects.all()} == {str(waiting), str(dead)}


def test_of_two_people_at_once_one_discards_and_the_other_changes_nothing(
    new_kind: RegisterKind, person: User
) -> None:
    kind = new_kind(refuse)
    [job_id] = enqueue(kind, 1)
    work(kind)

    def discard() -> int:
        return services.discard(actor=person, job_ids=[job_id], reason="")

    with transaction.atomic():
        assert discard() == 1
        with elsewhere(discard) as second:
            assert second.result(timeout=60) == 0
    assert discard() == 0
    assert AuditEntry.objects.count() == 1
