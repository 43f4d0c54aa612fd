"""Statements accepted and worked off by several connections at once."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Barrier
from uuid import UUID

import pytest
from django.db import transaction

from clinical_engine.common.database import array_literal, execute, fetch_all
from clinical_engine.jobs import worker
from patients import folding, services
from patients.locks import lock_patients
from patients.models import Association, Patient, Statement
from patients.periods import Period, Said, fold
from patients.services import ensure_patients
from submitters.models import Organisation, Submitter
from tests import factories
from tests.factories import BY_IMPORT
from tests.patients.concurrency import Threads, uncommitted, wait_until
from tests.patients.histories import at, dice

Work = Callable[[], int]
pytestmark = pytest.mark.usefixtures("committed_db")


def failed_attempts() -> list[tuple[str, str]]:
    return [
        (error, state)
        for error, state in fetch_all(
            "SELECT error_class, sqlstate FROM jobs_attempt WHERE outcome IN ('failed', 'lost')"
        )
    ]


def test_two_requests_that_create_the_same_patients_in_different_orders_do_not_deadlock() -> None:
    organisation = factories.organisation()
    know_many_patients(organisation)
    created: list[dict[str, UUID]] = []

    def create(round_: int, seed: int, together: Barrier) -> None:
        names = [f"{round_}-{number}" for number in range(500)]
        dice(seed).shuffle(names)
        with little_memory():
            together.wait()
            created.append(ensure_patients(organisation_id=organisation.id, external_ids=names))

    for round_ in range(8):
        together = Barrier(3)
        with Threads(3) as threads:
            for seed in range(3):
                threads.start(create, round_, seed, together)
        assert created[-1] == created[-2] == created[-3]
    assert Patient.objects.count() == KNOWN + 8 * 500


def test_new_patients_are_written_in_one_order_however_the_database_finds_the_known_ones() -> None:
    organisation = factories.organisation()
    know_many_patients(organisation)
    names = [f"{number:05}" for number in range(1000)]
    for seed in range(3):
        wanted = dice(seed).sample(names, 300)
        with little_memory():
            before = {name for (name,) in fetch_all("SELECT external_id FROM patients_patient")}
            ensure_patients(organisation_id=organisation.id, external_ids=wanted)
        # The rows lie on disk in the order in which they were written.
        rows = fetch_all("SELECT external_id FROM patients_patient ORDER BY ctid")
        assert [name for (name,) in rows if name not in before] == sorted(set(wanted) - before)


KNOWN = 20_000


def know_many_patients(organisation: Organisation) -> None:
    names = (f"known-{number}" for number in range(KNOWN))
    ensure_patients(organisation_id=organisation.id, external_ids=names)


@contextmanager
def little_memory() -> Iterator[None]:
    """A transaction in which 20,000 known patients are as many as millions are with the usual memory."""
    with transaction.atomic():
        execute("SET LOCAL work_mem = '64kB'")
        execute("SET LOCAL hash_mem_multiplier = 1")
        yield


def test_two_requests_with_the_same_client_ids_in_different_orders_do_not_deadlock() -> None:
    submitter = factories.submitter()
    # Known beforehand, or the requests would already queue up for the new patients.
    names = [f"p-{number}" for number in range(20)]
    ensure_patients(organisation_id=submitter.organisation_id, external_ids=names)

    def accept(seed: int, round_: int, together: Barrier) -> list[services.Accepted]:
        said = [factories.statement(names[n % 20], at(0), f"{round_}/{n}") for n in range(500)]
        dice(seed).shuffle(said)
        together.wait()
        return services.activate(submitter=submitter, statements=said, origin=BY_IMPORT)

    for round_ in range(10):
        together = Barrier(3)
        with Threads(3) as threads:
            answers = [threads.start(accept, seed, round_, together) for seed in range(3)]
        outcomes = [answer.outcome for future in answers for answer in future.result()]
        assert sum(outcome == "accepted" for outcome in outcomes) == 500
    assert Statement.objects.count() == 10 * 500


def test_several_workers_on_overlapping_patients_fold_every_pair_once(work: Work) -> None:
    organisation = factories.organisation()
    submitters = [factories.submitter(organisation) for _ in range(2)]
    random = dice(7)
    spoken = [
        (
            random.choice(submitters),
            f"p-{random.randrange(25)}",
            random.randrange(60),
            random.random() < 0.5,
            f"s-{n}",
        )
        for n in range(600)
    ]

    def accept(part: list[tuple[Submitter, str, int, bool, str]]) -> None:
        for submitter, patient, minute, active, client_id in part:
            kind = services.activate if active else services.deactivate
            kind(
                submitter=submitter,
                statements=[factories.statement(patient, at(minute), client_id)],
                origin=BY_IMPORT,
            )

    def keep_working(accepting: list[object]) -> None:
        while not all(future.done() for future in accepting):  # type: ignore[attr-defined]
            worker.work("associate", "default")
            worker.work("recompute", "default")

    with Threads(4) as threads:
        accepting: list[object] = [threads.start(accept, spoken[half::2]) for half in range(2)]
        for _ in range(2):
            threads.start(keep_working, accepting)
    wait_until(lambda: work() == 0 and nothing_waits())
    for submitter in submitters:
        for patient in {external_id for _, external_id, _, _, _ in spoken}:
            said = [
                Said(at(minute), client_id, active)
                for by, of, minute, active, client_id in spoken
                if (by, of) == (submitter, patient)
            ]
            rows = Association.objects.filter(submitter=submitter, patient__external_id=patient)
            shown = [Period(row.associated_at, row.dissociated_at) for row in rows.order_by("associated_at")]
            assert shown == fold(said)
    assert not Statement.objects.filter(fulfilled_at=None).exists()
    assert failed_attempts() == []


def nothing_waits() -> bool:
    return not fetch_all("SELECT FROM jobs_job WHERE state <> 'succeeded' LIMIT 1")


def test_a_statement_accepted_while_its_pair_is_folded_is_folded_by_its_own_job(work: Work) -> None:
    submitter = factories.submitter()
    patient = factories.patient(submitter.organisation, "p-1")

    def accept(
        kind: Callable[..., list[services.Accepted]], minute: int, client_id: str
    ) -> services.Accepted:
        said = factories.statement("p-1", at(minute), client_id)
        [answer] = kind(submitter=submitter, statements=[said], origin=BY_IMPORT)
        return answer

    first = accept(services.activate, 0, "a")
    with (
        Threads(1) as threads,
        uncommitted(threads, lambda: folding.fold_periods(statement_ids=[first.statement_id])),
    ):
        # Accepting neither waits for the fold nor is seen by it.
        accept(services.deactivate, 5, "b")
    work()
    [association] = Association.objects.filter(patient=patient)
    assert (association.associated_at, association.dissociated_at) == (at(0), at(5))


def test_a_fold_that_finds_its_patient_locked_gives_its_job_back_untried(work: Work) -> None:
    submitter = factories.submitter()
    patient = factories.patient(submitter.organisation, "p-1")
    said = factories.statement("p-1", at(0), "a")
    [answer] = services.activate(submitter=submitter, statements=[said], origin=BY_IMPORT)
    with Threads(1) as threads, uncommitted(threads, lambda: lock_patients(array_literal([patient.id]))):
        worker.work("associate", "default")
        assert fetch_all("SELECT state, attempts_made FROM jobs_job WHERE id = %s", [answer.job_id]) == [
            ("available", 0)
        ]
    wait_until(lambda: work() == 0 and nothing_waits())
    assert Association.objects.count() == 1
    assert failed_attempts() == []
