"""Facts on several real connections: whoever computes sees what was committed, or is told to compute anew."""

from collections.abc import Callable
from threading import Barrier
from uuid import UUID

import pytest
from django.db import transaction

from clinical_engine.common.database import array_literal, fetch_all
from clinical_engine.common.identifiers import new_id
from clinical_engine.jobs import ledger
from clinical_engine.jobs.registry import kind_of
from observations.intake import Sender, record_measurements
from observations.models import MeasurementSource
from patients.locks import lock_patients
from patients.models import Patient, PatientFact
from patients.selectors import facts_of
from patients.services.facts import FactAnswer
from submitters.models import Organisation
from tests import factories
from tests.factories import NOON, days
from tests.patients.concurrency import Threads, somebody_waits_for_a_lock, uncommitted, wait_until
from tests.patients.facts.support import fact, outcomes, record, retract, standing
from tests.patients.histories import dice


class Computing:
    """What is computed of each patient from the facts, here just the facts: by the real jobs, under the real locks."""

    def __init__(self) -> None:
        self.results: dict[UUID, list[UUID]] = {}

    def work(self) -> int:
        """Do the recompute jobs that wait; how many there were."""
        return self.finish(*self.claim())

    def claim(self) -> tuple[UUID, list[ledger.Stored]]:
        token = new_id()
        return token, ledger.claim(kind_of("recompute"), "default", ledger.Lease(token, "this test"))

    def finish(self, token: UUID, claimed: list[ledger.Stored]) -> int:
        with transaction.atomic():
            self.compute({job.patient_id for job in claimed if job.patient_id})
            ledger.end(token, [ledger.Ending.succeeded(job.id) for job in claimed])
        return len(claimed)

    def compute(self, patients: set[UUID]) -> None:
        lock_patients(array_literal(patients))
        self.results |= {patient: [] for patient in patients}
        for row in facts_of(patients):
            self.results[row.patient_id].append(row.id)

    def assert_current(self) -> None:
        assert self.work() == 0
        for patient in Patient.objects.filter(facts__isnull=False):
            assert self.results[patient.pk] == [row.id for row in facts_of([patient.pk])]


@pytest.fixture
def organisation(committed_db: None) -> Organisation:
    return factories.organisation()


@pytest.fixture
def computing() -> Computing:
    return Computing()


def measure(organisation: Organisation, external_id: str = "p-1") -> None:
    record_measurements(
        organisation_id=organisation.pk,
        readings=[factories.reading(external_id)],
        sender=Sender(MeasurementSource.IMPORT),
    )


def jobs() -> list[tuple[object, ...]]:
    return fetch_all("SELECT state, dirty_from FROM jobs_job WHERE kind = 'recompute' ORDER BY state")


def test_a_fact_has_everything_since_then_computed_anew_and_so_has_taking_it_back(
    organisation: Organisation, computing: Computing
) -> None:
    record(
        organisation,
        fact(since=NOON - days(2), client_id="a"),
        fact("spo2_scale", 1, NOON - days(9)),
        fact("spo2_scale", 2, NOON - days(1)),
    )
    assert jobs() == [("available", NOON - days(9))]
    computing.work()
    retract(organisation, "a")
    assert ("available", NOON - days(2)) in jobs()
    computing.work()
    computing.assert_current()


def test_what_changes_nothing_has_nothing_computed_anew(
    organisation: Organisation, computing: Computing
) -> None:
    record(organisation, fact(client_id="a"))
    retract(organisation, "b")
    retract(organisation, "a")
    computing.work()
    retract(organisation, "a")
    record(organisation, fact(client_id="a"), fact(client_id="a", value="male"), fact(value="?"))
    assert [state for state, _ in jobs()] == ["succeeded"]


def test_a_measurement_that_comes_in_while_a_fact_is_being_written_ends_computed_with_the_fact(
    organisation: Organisation, computing: Computing
) -> None:
    factories.patient(organisation, "p-1")

    def measure_and_compute() -> None:
        measure(organisation)
        computing.work()

    with Threads(2) as threads, uncommitted(threads, lambda: record(organisation, fact())):
        # Neither sees the other. A fact that asks for nothing where it sees no measurement would be missed here.
        measuring = threads.start(measure_and_compute)
        wait_until(lambda: somebody_waits_for_a_lock() or measuring.done())
    computing.work()
    computing.assert_current()
    assert len(standing()) == 1


def test_a_waiting_job_is_not_taken_before_the_fact_that_joined_it_is_committed(
    organisation: Organisation, computing: Computing
) -> None:
    measure(organisation)
    with Threads(1) as threads, uncommitted(threads, lambda: record(organisation, fact())):
        assert computing.work() == 0
    assert computing.work() == 1
    computing.assert_current()


def test_a_fact_does_not_wait_for_its_patient_to_be_computed_and_brings_a_job_of_its_own(
    organisation: Organisation, computing: Computing
) -> None:
    measure(organisation)
    claimed = computing.claim()
    with Threads(1) as threads, uncommitted(threads, lambda: computing.finish(*claimed)):
        assert outcomes(record(organisation, fact())) == ["accepted"]
    assert computing.work() == 1
    computing.assert_current()


def test_what_takes_a_fact_back_waits_for_the_fact_that_is_being_written(
    organisation: Organisation, computing: Computing
) -> None:
    with Threads(2) as threads:
        with uncommitted(threads, lambda: record(organisation, fact(client_id="a"))):
            retracting = threads.start(retract, organisation, "a")
            wait_until(lambda: somebody_waits_for_a_lock() or retracting.done())
            assert not retracting.done()
        assert retracting.result()
    computing.work()
    computing.assert_current()
    assert standing() == []


def test_a_fact_waits_for_what_is_just_taking_it_back(
    organisation: Organisation, computing: Computing
) -> None:
    with Threads(2) as threads:
        with uncommitted(threads, lambda: retract(organisation, "a")):
            recording = threads.start(record, organisation, fact(client_id="a"))
            wait_until(lambda: somebody_waits_for_a_lock() or recording.done())
            # Committed now, and computed, it would count: and nobody would tell that it was taken back.
            assert not recording.done()
        assert outcomes(recording.result()) == ["accepted"]
    computing.work()
    computing.assert_current()
    assert standing() == []


def test_facts_do_not_wait_for_each_other_nor_for_another_organisation(organisation: Organisation) -> None:
    other = factories.organisation()
    with (
        Threads(2) as threads,
        uncommitted(threads, lambda: record(organisation, fact(client_id="a"))),
        uncommitted(threads, lambda: retract(other, "a")),
    ):
        assert outcomes(record(organisation, fact(client_id="b", external_id="p-2"))) == ["accepted"]


def test_requests_with_the_same_facts_in_different_orders_do_not_deadlock(organisation: Organisation) -> None:
    said = [fact(client_id=f"f-{n}", external_id=f"p-{n % 40}", since=NOON - days(n)) for n in range(300)]

    def send(seed: int, together: Barrier) -> list[FactAnswer]:
        mixed = list(said)
        dice(seed).shuffle(mixed)
        together.wait()
        return record(organisation, *mixed)

    together = Barrier(3)
    with Threads(3) as threads:
        sending = [threads.start(send, seed, together) for seed in range(3)]
    answered = [outcome for future in sending for outcome in outcomes(future.result())]
    assert (answered.count("accepted"), answered.count("duplicate")) == (300, 600)
    assert PatientFact.objects.count() == 300


def test_in_hundreds_of_races_between_facts_what_takes_them_back_and_jobs_every_result_ends_current(
    organisation: Organisation, computing: Computing, request: pytest.FixtureRequest
) -> None:
    random = dice(request.config.getoption("randomly_seed"))
    numbers = range(200)
    said: list[tuple[int, Callable[[], object]]] = [
        (n, lambda n=n: record(organisation, fact(client_id=f"f-{n}", external_id=f"p-{n % 20}")))  # type: ignore[misc]
        for n in numbers
    ]
    said += [(n, lambda n=n: retract(organisation, f"f-{n}")) for n in numbers if n % 2]  # type: ignore[misc]
    # Neighbours in the list meet at the same time: all that concerns one fact lies close together.
    said.sort(key=lambda step: (step[0] // 3, random.random()))

    def take(lane: int, together: Barrier) -> None:
        together.wait()
        for _, step in said[lane::3]:
            step()

    together = Barrier(3)
    with Threads(4) as threads:
        taking = [threads.start(take, lane, together) for lane in range(3)]
        threads.start(lambda: [computing.work() for _ in iter(lambda: all(f.done() for f in taking), True)])
    while computing.work():
        pass
    computing.assert_current()
    assert PatientFact.objects.standing().count() == 100
