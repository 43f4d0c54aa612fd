"""A circuit for each kind: while a dependency is broken its work waits, and nobody else's does."""

from datetime import timedelta

import pytest

from clinical_engine.audit.models import AuditEntry
from clinical_engine.common.database import execute
from clinical_engine.jobs import circuits, ledger, services
from clinical_engine.jobs.failures import UnavailableError
from clinical_engine.jobs.models import Circuit, Job
from clinical_engine.jobs.registry import JobKind
from clinical_engine.profiling.capture.units import unit_of_work
from tests import factories
from tests.jobs.support import (
    RegisterKind,
    attempts_of,
    elsewhere,
    enqueue,
    job_of,
    make_due,
    states_of,
    succeed,
    work,
)
from tests.profiling.capture.support import capturing

pytestmark = pytest.mark.usefixtures("committed_db")


class Dependency:
    """Something outside that a handler needs."""

    def __init__(self) -> None:
        self.answers = False
        self.asked = 0

    def ask(self, _: object) -> None:
        self.asked += 1
        if not self.answers:
            raise UnavailableError("The other system does not answer.")


@pytest.fixture
def dependency() -> Dependency:
    return Dependency()


@pytest.fixture
def broken(new_kind: RegisterKind, dependency: Dependency) -> JobKind:
    """A kind whose circuit is open."""
    kind = new_kind(dependency.ask, batch_size=1)
    enqueue(kind, *range(circuits.OPENS_AFTER))
    work(kind)
    assert dependency.asked == circuits.OPENS_AFTER
    return kind


def let_the_rest_pass() -> None:
    execute("UPDATE jobs_circuit SET open_until = clock_timestamp() - interval '1 second'")


def test_after_five_batches_that_failed_in_a_row_nothing_of_the_kind_is_started(
    broken: JobKind, dependency: Dependency
) -> None:
    job_ids = enqueue(broken, *range(10))
    assert work(broken) == 0
    assert dependency.asked == circuits.OPENS_AFTER
    assert states_of(job_ids) == ["available"] * 10
    assert not attempts_of(job_ids[0])
    assert ledger.due_work([broken.name], ["default", "reruns"]) == []


def test_other_kinds_go_on(broken: JobKind, new_kind: RegisterKind) -> None:
    other = new_kind(succeed)
    enqueue(other, 1)
    assert work(other) == 1


def test_a_whole_batch_fails_once_and_is_not_split_to_ask_a_broken_dependency_again(
    new_kind: RegisterKind, dependency: Dependency
) -> None:
    kind = new_kind(dependency.ask)
    job_ids = enqueue(kind, *range(50))
    work(kind)
    assert dependency.asked == 1
    assert states_of(job_ids) == ["retryable"] * 50
    assert Circuit.objects.get().failures == 1
    assert {a.error_kind for job_id in job_ids for a in attempts_of(job_id)} == {"transient"}


def test_when_its_time_is_over_one_job_is_tried_and_its_success_closes_the_circuit(
    broken: JobKind, dependency: Dependency
) -> None:
    job_ids = enqueue(broken, *range(10))
    dependency.answers = True
    let_the_rest_pass()
    assert ledger.due_work([broken.name], ["default"]) == [(broken.name, "default", False)]
    assert work(broken) == 10
    assert states_of(job_ids) == ["succeeded"] * 10
    assert not Circuit.objects.exists()


def test_a_trial_that_fails_opens_it_for_longer_and_costs_one_job_one_try(
    broken: JobKind, dependency: Dependency
) -> None:
    job_ids = enqueue(broken, *range(10))
    let_the_rest_pass()
    assert work(broken) == 1
    assert dependency.asked == circuits.OPENS_AFTER + 1
    assert sorted(states_of(job_ids)) == ["available"] * 9 + ["retryable"]
    circuit = Circuit.objects.get()
    assert circuit.open_until is not None
    # The second rest is 30 s at most and 15 s at least.
    assert timedelta(seconds=14) < circuit.open_until - circuit.last_failed_at < timedelta(seconds=45)
    assert circuit.error == "UnavailableError The other system does not answer."


def test_of_two_workers_only_one_makes_the_trial(broken: JobKind) -> None:
    let_the_rest_pass()
    with elsewhere(lambda: circuits.admitted(broken.name)) as other:
        limits = [circuits.admitted(broken.name).limit, other.result(timeout=60).limit]
    assert sorted(limits, key=str) == [0, 1]


def test_a_success_between_failures_starts_the_count_anew(
    new_kind: RegisterKind, dependency: Dependency
) -> None:
    kind = new_kind(dependency.ask, batch_size=1)
    for _ in range(3):
        dependency.answers = False
        enqueue(kind, *range(circuits.OPENS_AFTER - 1))
        work(kind)
        dependency.answers = True
        enqueue(kind, 1)
        assert work(kind) == 1
    assert not Circuit.objects.exists()


def test_a_bug_opens_no_circuit(new_kind: RegisterKind) -> None:
    kind = new_kind(lambda _: [].pop(), batch_size=1)
    enqueue(kind, *range(10))
    work(kind)
    assert not Circuit.objects.exists()


def test_a_person_closes_a_circuit_before_its_time_and_the_trail_says_who_and_why(
    broken: JobKind, dependency: Dependency
) -> None:
    person = factories.user()
    [job_id] = enqueue(broken, 1)
    dependency.answers = True
    assert services.close_circuit(actor=person, kind=broken.name, reason="It answers again")
    assert not services.close_circuit(actor=person, kind=broken.name, reason="It answers again")
    work(broken)
    assert job_of(job_id).state == "succeeded"
    [entry] = AuditEntry.objects.all()
    assert (entry.actor, entry.action, entry.target_id, entry.reason) == (
        person,
        "circuit.close",
        broken.name,
        "It answers again",
    )


def test_what_waited_for_the_circuit_is_done_once_it_is_closed(
    broken: JobKind, dependency: Dependency
) -> None:
    dependency.answers = True
    let_the_rest_pass()
    [fresh] = enqueue(broken, 1)
    make_due(*(job.id for job in _jobs_of(broken)))
    work(broken)
    assert job_of(fresh).state == "succeeded"
    assert {job.state for job in _jobs_of(broken)} == {"succeeded"}


def _jobs_of(kind: JobKind) -> list[Job]:
    return list(Job.objects.filter(kind=kind.name))


def test_a_backlog_that_is_worked_off_batch_by_batch_is_no_query_for_each_row(new_kind: RegisterKind) -> None:
    kind = new_kind(succeed, batch_size=1)
    enqueue(kind, *range(25))
    with capturing() as noted, unit_of_work("task jobs.work"):
        assert work(kind) == 25
    assert noted.of("FROM jobs_circuit").calls >= 25
    assert max(each.repeated_most for each in noted.counted) < 10
