"""Intake racing against the link, on real connections: nothing stays held, everything counts once."""

from collections.abc import Callable
from concurrent.futures import Future
from datetime import timedelta
from threading import Barrier

import pytest

from clinical_engine.common.database import fetch_all
from clinical_engine.common.identifiers import new_id
from clinical_engine.jobs import ledger, worker
from clinical_engine.jobs.registry import ClaimedJob, kind_of
from observations import recompute
from observations.intake import Answer, Outcome, Sender, record_measurements
from observations.models import Measurement, MeasurementSource, Observation
from observations.readings import Reading
from observations.scripts.library import GLUCOSE_7D
from observations.scripts.library.installing import install_library
from patients import folding, services
from patients.models import Association, Patient
from submitters.models import Submitter
from tests import factories
from tests.factories import BY_IMPORT, NOON, days
from tests.patients.concurrency import Threads, uncommitted, wait_until
from tests.patients.histories import dice

Work = Callable[[], int]


@pytest.fixture
def submitter(committed_db: None) -> Submitter:
    install_library(scripts=[GLUCOSE_7D])
    return factories.submitter()


def record(submitter: Submitter, *readings: Reading) -> list[Answer]:
    return record_measurements(
        organisation_id=submitter.organisation_id, readings=readings, sender=Sender(MeasurementSource.IMPORT)
    )


def activate(
    submitter: Submitter, external_id: str = "p-1", client_id: str | None = None
) -> services.Accepted:
    said = factories.statement(external_id, NOON - days(5), client_id)
    [answer] = services.activate(submitter=submitter, statements=[said], origin=BY_IMPORT)
    return answer


def fold(answer: services.Accepted) -> None:
    folding.fold_periods(statement_ids=[answer.statement_id])


def assert_everything_counts_once(readings_of_each: int) -> None:
    assert not Measurement.objects.filter(association=None).exists()
    for patient in Patient.objects.all():
        [association] = Association.objects.filter(patient=patient)
        assert set(patient.measurements.values_list("association_id", flat=True)) == {association.id}
        current = Observation.objects.filter(patient=patient, superseded_at=None).order_by("as_of")
        ids = list(patient.measurements.order_by("measured_at", "client_id").values_list("id", flat=True))
        assert len(ids) == readings_of_each
        # All readings of a patient lie within one window: the latest result is made from each of them, once.
        latest = current.last()
        assert latest is not None
        assert latest.derived_from == ids
        assert current.count() == len({row.measured_at for row in patient.measurements.all()})
    # The ledger agrees: nothing waits, nothing failed on the way.
    assert fetch_all("SELECT DISTINCT state FROM jobs_job") == [("succeeded",)]
    assert fetch_all("SELECT error_class, sqlstate FROM jobs_attempt WHERE outcome <> 'succeeded'") == []


def work_off(work: Work) -> None:
    """Until nothing waits: a job whose patient was locked comes back after a moment."""
    wait_until(
        lambda: work() == 0 and not fetch_all("SELECT FROM jobs_job WHERE state <> 'succeeded' LIMIT 1")
    )


def test_in_hundreds_of_races_between_intake_link_and_workers_nothing_stays_held(
    submitter: Submitter, work: Work, request: pytest.FixtureRequest
) -> None:
    patients, readings_of_each = 150, 4
    random = dice(request.config.getoption("randomly_seed"))
    names = [f"p-{number}" for number in range(patients)]
    steps = [("measure", name, number) for name in names for number in range(readings_of_each)]
    steps += [("activate", name, 0) for name in names]
    # Neighbours in the list meet at the same time: all that concerns one patient lies close together.
    steps.sort(key=lambda step: (names.index(step[1]) // 3, random.random()))

    def take(lane: int, together: Barrier) -> None:
        together.wait()
        for kind, name, number in steps[lane::3]:
            if kind == "activate":
                activate(submitter, name)
            else:
                time = NOON - timedelta(hours=random.randrange(100))
                record(submitter, factories.reading(name, 100, time, client_id=f"{name}/{number}"))

    def keep_working(taking: list[Future[None]], kind: str) -> None:
        while not all(future.done() for future in taking):
            worker.work(kind, "default")

    together = Barrier(3)
    with Threads(5) as threads:
        taking = [threads.start(take, lane, together) for lane in range(3)]
        for kind in ("associate", "recompute"):
            threads.start(keep_working, taking, kind)
    work_off(work)
    assert Association.objects.count() == patients
    assert_everything_counts_once(readings_of_each)


def test_a_link_does_not_wait_for_the_measurement_that_is_being_written_and_covers_it_all_the_same(
    submitter: Submitter, work: Work
) -> None:
    factories.patient(submitter.organisation, "p-1")
    activate(submitter)
    with Threads(1) as threads, uncommitted(threads, lambda: record(submitter, factories.reading("p-1"))):
        # The link cannot see it and asks for nothing; the job that comes with the measurement sees the link.
        worker.work("associate", "default")
        assert Association.objects.count() == 1
    assert Measurement.objects.get().association_id is None
    work_off(work)
    assert_everything_counts_once(1)


def test_a_measurement_does_not_wait_for_the_link_that_is_being_written_and_is_covered_by_it_all_the_same(
    submitter: Submitter, work: Work
) -> None:
    answer = activate(submitter)
    with Threads(2) as threads, uncommitted(threads, lambda: fold(answer)):
        [sent] = threads.start(record, submitter, factories.reading("p-1")).result()
        assert sent.outcome is Outcome.HELD
        # Its job waits for the patient, whom the link has locked.
        assert worker.work("recompute", "default") == 1
        assert Measurement.objects.get().association_id is None
    work_off(work)
    assert_everything_counts_once(1)


def test_a_waiting_job_is_not_taken_before_the_fact_that_joined_it_is_committed(
    submitter: Submitter, work: Work
) -> None:
    activate(submitter)
    work()
    record(submitter, factories.reading("p-1", client_id="first"))
    with (
        Threads(1) as threads,
        uncommitted(threads, lambda: record(submitter, factories.reading("p-1", client_id="second"))),
    ):
        # Taken now, the job would be done without the second measurement, and no other would be there for it.
        assert worker.work("recompute", "default") == 0
    work_off(work)
    assert_everything_counts_once(2)


def test_a_measurement_that_comes_in_while_its_patient_is_recomputed_waits_for_nothing_and_is_not_passed_over(
    submitter: Submitter, work: Work
) -> None:
    activate(submitter)
    work()
    record(submitter, factories.reading("p-1", client_id="first"))
    token = new_id()
    claimed = ledger.claim(kind_of("recompute"), "default", ledger.Lease(token, "this test"))
    batch = [
        ClaimedJob(job.id, None, job.organisation_id, None, job.patient_id, job.dirty_from, None)
        for job in claimed
    ]

    def work_on_it() -> None:
        recompute.recompute(batch)
        ledger.end(token, [ledger.Ending.succeeded(job.id) for job in claimed])

    with Threads(1) as threads, uncommitted(threads, work_on_it):
        [sent] = record(submitter, factories.reading("p-1", client_id="second"))
        assert sent.outcome is Outcome.ACCEPTED
    assert Measurement.objects.get(client_id="second").association_id is None
    work_off(work)
    assert_everything_counts_once(2)


def test_two_requests_with_the_same_readings_in_different_orders_do_not_deadlock(
    submitter: Submitter, work: Work
) -> None:
    # Known beforehand, or the requests would already queue up for the new patients.
    for number in range(40):
        activate(submitter, f"p-{number}")

    def send(seed: int, round_: int, together: Barrier) -> list[Outcome]:
        readings = [
            factories.reading(f"p-{n % 40}", n, NOON - timedelta(hours=n % 60), client_id=f"{round_}/{n}")
            for n in range(600)
        ]
        dice(seed).shuffle(readings)
        together.wait()
        return [answer.outcome for answer in record(submitter, *readings)]

    for round_ in range(8):
        together = Barrier(3)
        with Threads(3) as threads:
            sending = [threads.start(send, seed, round_, together) for seed in range(3)]
        outcomes = [outcome for future in sending for outcome in future.result()]
        assert outcomes.count(Outcome.DUPLICATE) == 1200
        assert Outcome.CONFLICT not in outcomes
    assert Measurement.objects.count() == 8 * 600
    work_off(work)
    assert not Measurement.objects.filter(association=None).exists()


def test_readings_that_contradict_each_other_at_the_same_moment_are_one_measurement_and_one_conflict(
    submitter: Submitter,
) -> None:
    def send(value: int, together: Barrier) -> Outcome:
        together.wait()
        [answer] = record(submitter, factories.reading("p-1", value, client_id="same"))
        return answer.outcome

    together = Barrier(2)
    with Threads(2) as threads:
        sending = [threads.start(send, value, together) for value in (1, 2)]
    assert sorted(future.result() for future in sending) == ["conflict", "held"]
    assert Measurement.objects.count() == 1
