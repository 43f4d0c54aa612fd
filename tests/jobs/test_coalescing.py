"""One recompute job per patient: facts that arrive while it waits join it, and none is ever passed over."""

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from datetime import datetime, timedelta

import pytest
from django.db import IntegrityError, transaction

from clinical_engine.common.database import execute
from clinical_engine.common.identifiers import new_id
from clinical_engine.jobs import ledger
from clinical_engine.jobs.api.views import describe
from clinical_engine.jobs.models import Job
from clinical_engine.jobs.registry import ClaimedJob, Handled
from observations.recompute import RECOMPUTE, mark_dirty
from patients.models import Patient
from tests import factories
from tests.factories import NOON
from tests.jobs.support import (
    RegisterKind,
    attempts_of,
    claim,
    elsewhere,
    job_of,
    lose_worker,
    make_due,
    other_connection,
    wait_for_a_lock_to_be_waited_for,
    work,
)

pytestmark = pytest.mark.usefixtures("committed_db")
EARLIER = NOON - timedelta(days=3)


@pytest.fixture
def patient(committed_db: None) -> Patient:
    return factories.patient(factories.organisation())


def mark(patient: Patient, since: datetime = NOON) -> None:
    mark_dirty({patient.id: since}, {patient.id: patient.organisation_id})


def claim_times() -> list[datetime | None]:
    return [job.dirty_from for job in claim(RECOMPUTE)]


@pytest.mark.parametrize("times", [(NOON, EARLIER), (EARLIER, NOON)], ids=["earlier last", "earlier first"])
def test_two_facts_give_one_waiting_job_with_the_earlier_time(
    times: Sequence[datetime], patient: Patient
) -> None:
    for time in times:
        mark(patient, time)
    job = Job.objects.get()
    assert (job.state, job.patient_id, job.dirty_from) == ("available", patient.id, EARLIER)
    assert job.organisation_id == patient.organisation_id


def test_a_fact_that_arrives_while_the_job_runs_waits_in_a_job_of_its_own(patient: Patient) -> None:
    mark(patient, NOON)
    assert claim_times() == [NOON]
    mark(patient, EARLIER)
    assert sorted(Job.objects.values_list("state", "dirty_from")) == [
        ("available", EARLIER),
        ("running", NOON),
    ]


def test_a_worker_cannot_claim_the_waiting_job_before_the_fact_that_joined_it_is_committed(
    patient: Patient,
) -> None:
    mark(patient, NOON)
    with transaction.atomic():
        mark(patient, EARLIER)
        with elsewhere(claim_times) as claimed:
            assert claimed.result(timeout=60) == []
    assert claim_times() == [EARLIER]


def test_doing_nothing_on_conflict_would_lose_the_fact(patient: Patient) -> None:
    # Why it is DO UPDATE: with DO NOTHING the worker gets the job, and cannot see the fact yet.
    mark(patient, NOON)
    with transaction.atomic():
        execute(
            """
            INSERT INTO jobs_job (id, kind, queue, payload, payload_version, patient_id, dirty_from)
            SELECT %s, kind, queue, payload, payload_version, patient_id, dirty_from FROM jobs_job
            ON CONFLICT DO NOTHING
            """,
            [new_id()],
        )
        with elsewhere(claim_times) as claimed:
            assert claimed.result(timeout=60) == [NOON]


def test_a_fact_that_meets_a_claim_under_way_waits_for_it_and_gets_a_job_of_its_own(patient: Patient) -> None:
    mark(patient, NOON)
    with ExitStack() as ending:
        with transaction.atomic():
            assert claim_times() == [NOON]
            marked = ending.enter_context(elsewhere(lambda: mark(patient, EARLIER)))
            wait_for_a_lock_to_be_waited_for()
        marked.result(timeout=60)
    assert sorted(Job.objects.values_list("state", "dirty_from")) == [
        ("available", EARLIER),
        ("running", NOON),
    ]


def test_batches_of_overlapping_patients_in_any_order_do_not_deadlock(committed_db: None) -> None:
    organisation = factories.organisation()
    patients = [factories.patient(organisation) for _ in range(400)]

    def mark_all(order: Callable[[list[Patient]], list[Patient]]) -> None:
        for round_number in range(12):
            time = NOON - timedelta(minutes=round_number)
            mark_dirty(
                {patient.id: time for patient in order(patients)},
                {patient.id: patient.organisation_id for patient in patients},
            )

    with elsewhere(lambda: mark_all(list)) as one, elsewhere(lambda: mark_all(lambda p: p[::-1])) as two:
        one.result(timeout=60)
        two.result(timeout=60)
    assert set(Job.objects.values_list("dirty_from", flat=True)) == {NOON - timedelta(minutes=11)}
    assert Job.objects.count() == 400


def test_a_patient_has_at_most_one_waiting_job_whatever_the_code_does(patient: Patient) -> None:
    mark(patient)
    with pytest.raises(IntegrityError, match="job_coalesced"):
        execute(
            """
            INSERT INTO jobs_job (id, kind, queue, payload, payload_version, patient_id, dirty_from)
            SELECT %s, kind, queue, payload, payload_version, patient_id, dirty_from FROM jobs_job
            """,
            [new_id()],
        )


@pytest.fixture
def running_and_waiting(patient: Patient) -> tuple[Job, Job]:
    """A job of a patient that a worker holds, and a younger one that waits."""
    mark(patient, NOON)
    [stored] = claim(RECOMPUTE)
    mark(patient, EARLIER)
    return job_of(stored.id), Job.objects.get(state="available")


def test_a_coalesced_job_is_put_back_beside_a_younger_one(running_and_waiting: tuple[Job, Job]) -> None:
    older, younger = running_and_waiting
    assert older.lease_token is not None
    assert ledger.put_back(older.lease_token, [older.id], timedelta(0)) == 1
    assert (job_of(older.id).state, job_of(younger.id).state) == ("retryable", "available")
    assert attempts_of(older.id) == []


def test_a_coalesced_job_whose_worker_was_lost_comes_back_beside_a_younger_one(
    running_and_waiting: tuple[Job, Job],
) -> None:
    older, younger = running_and_waiting
    lose_worker(older.id)
    assert ledger.return_lost() == 1
    assert (job_of(older.id).state, job_of(younger.id).state) == ("retryable", "available")


def test_a_coalesced_job_goes_on_with_its_next_slice_beside_a_younger_one(
    new_kind: RegisterKind, patient: Patient
) -> None:
    slices: list[object] = []

    def one_slice(batch: Sequence[ClaimedJob]) -> Handled:
        slices.extend(job.cursor for job in batch)
        if len(slices) == 1:
            ledger.enqueue_recompute(kind.name, {patient.id: EARLIER}, {patient.id: patient.organisation_id})
        return Handled(
            continued={job.id: 1 for job in batch if job.cursor is None and job.dirty_from == NOON}
        )

    kind = new_kind(one_slice)
    ledger.enqueue_recompute(kind.name, {patient.id: NOON}, {patient.id: patient.organisation_id})
    for _ in range(3):
        work(kind)
    assert set(Job.objects.values_list("state", flat=True)) == {"succeeded"}
    assert sorted(slices, key=str) == [1, None, None]


@pytest.mark.parametrize("state", ["dead", "cancelled", "invalid_payload"])
def test_a_coalesced_job_that_rests_is_run_again_beside_a_younger_one(
    state: str, running_and_waiting: tuple[Job, Job]
) -> None:
    older, younger = running_and_waiting
    Job.objects.filter(pk=older.pk).update(
        state=state, lease_token=None, lease_expires_at=None, finished_at=older.created_at
    )
    assert ledger.run_again([older.id], factories.user().pk) == [(older.id, older.organisation_id)]
    assert (job_of(older.id).state, job_of(younger.id).state) == ("retryable", "available")
    assert work(RECOMPUTE) == 2
    assert set(Job.objects.values_list("state", flat=True)) == {"succeeded"}


def test_two_jobs_of_one_patient_in_one_batch_are_both_done(running_and_waiting: tuple[Job, Job]) -> None:
    older, younger = running_and_waiting
    assert older.lease_token is not None
    ledger.put_back(older.lease_token, [older.id], timedelta(0))
    assert work(RECOMPUTE) == 2
    assert (job_of(older.id).state, job_of(younger.id).state) == ("succeeded", "succeeded")


def test_a_recompute_of_a_locked_patient_waits_as_retryable_without_an_attempt(patient: Patient) -> None:
    mark(patient)
    job = Job.objects.get()
    with other_connection() as cursor:
        cursor.execute("SELECT FROM patients_patient WHERE id = %s FOR UPDATE", [str(patient.id)])
        work(RECOMPUTE)
    job.refresh_from_db()
    assert (job.state, job.attempts_made) == ("retryable", 0)
    assert describe(job)["failure"] is None
    make_due(job.id)
    work(RECOMPUTE)
    assert [attempt.outcome for attempt in attempts_of(job.id)] == ["succeeded"]
