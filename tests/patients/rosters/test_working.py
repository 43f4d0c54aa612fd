"""A roster's job among others, and among workers that die, stall or lose their lease: each statement once, everybody linked."""

from datetime import timedelta
from pathlib import Path

import pytest

from clinical_engine.common.database import array_literal, execute
from clinical_engine.common.identifiers import new_id
from clinical_engine.jobs import ledger, worker
from clinical_engine.jobs.models import Attempt, Job
from clinical_engine.jobs.registry import kind_of
from clinical_engine.running.processes import wait_until
from patients import jobs as patients_jobs
from patients.locks import lock_patients
from patients.models import Association, Patient, Roster, RosterState, Statement
from patients.rosters import advancing, applying
from submitters.models import Submitter
from tests import factories
from tests.factories import NOON
from tests.jobs.killing import QUICK, kill_where_it_writes
from tests.jobs.support import make_due
from tests.long_work import Work, losing_the_lease
from tests.patients.concurrency import Threads, uncommitted
from tests.patients.rosters.support import linked, patients, roster_of, state_active, state_inactive, step
from tests.workers import running_scheduler, running_worker

DAY = timedelta(days=1)
pytestmark = pytest.mark.usefixtures("committed_db")


@pytest.fixture
def submitter(committed_db: None) -> Submitter:
    return factories.submitter()


@pytest.fixture
def small_slices(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(applying, "SLICE", 3)


def finished(roster: Roster) -> bool:
    roster.refresh_from_db()
    return roster.state == RosterState.APPLIED


def job_of(roster: Roster) -> Job:
    return Job.objects.get(pk=roster.job_id)


def outcomes(roster: Roster) -> list[str]:
    return list(
        Attempt.objects.filter(job_id=roster.job_id).order_by("number").values_list("outcome", flat=True)
    )


def assert_each_is_linked_once(submitter: Submitter, number: int) -> None:
    assert linked(submitter) == patients(number)
    counts = (Association.objects.count(), Statement.objects.count(), Patient.objects.count())
    assert counts == (number, number, number)
    assert not Statement.objects.filter(fulfilled_at=None).exists()


@pytest.mark.usefixtures("silent_broker")
def test_a_roster_outlives_workers_that_are_killed_in_the_middle_of_its_slices(
    submitter: Submitter, tmp_path: Path
) -> None:
    number = 5 * applying.SLICE // 2
    with (
        running_scheduler(tmp_path / "scheduler.log", environment=QUICK),
        running_worker(tmp_path / "worker.log", environment=QUICK) as engine,
    ):
        roster = roster_of(submitter, patients(number))
        for _ in range(2):
            kill_where_it_writes(engine, "patients_association")
        assert wait_until(lambda: finished(roster), seconds=60)
    assert_each_is_linked_once(submitter, number)
    assert outcomes(roster).count("lost") == 2


@pytest.mark.usefixtures("small_slices")
def test_a_slice_whose_lease_was_lost_is_not_done_twice(
    submitter: Submitter, work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    roster = roster_of(submitter, patients(10))
    step(roster)
    taken: list[int] = []

    monkeypatch.setattr(patients_jobs, "advance", losing_the_lease(advancing.advance, roster.job_id, taken))
    worker.work("roster", "reruns")
    roster.refresh_from_db()
    assert (taken, roster.done) == ([1], 0)
    assert not Statement.objects.exists()
    work()
    assert finished(roster)
    assert_each_is_linked_once(submitter, 10)


@pytest.mark.usefixtures("small_slices")
def test_a_dead_roster_that_is_run_again_goes_on_where_it_stopped(submitter: Submitter, work: Work) -> None:
    roster = roster_of(submitter, patients(10))
    for _ in range(3):
        step(roster)
    execute("UPDATE jobs_job SET state = 'dead', finished_at = now()")
    work()
    assert (finished(roster), roster.done) == (False, 6)
    ledger.run_again([roster.job_id], factories.user().pk)
    work()
    assert finished(roster)
    assert_each_is_linked_once(submitter, 10)


def test_patients_whom_somebody_else_holds_for_long_hold_a_roster_up_but_do_not_fail_it(
    submitter: Submitter, work: Work
) -> None:
    held = factories.patient(submitter.organisation, "p-000003")
    roster = roster_of(submitter, patients(10))
    step(roster)
    with Threads(1) as threads, uncommitted(threads, lambda: lock_patients(array_literal([held.pk]))):
        worker.work("roster", "reruns")
        assert (job_of(roster).state, job_of(roster).attempts_made) == ("available", 0)
        assert not finished(roster)
    make_due(roster.job_id)
    work()
    assert finished(roster)
    assert_each_is_linked_once(submitter, 10)
    assert set(outcomes(roster)) == {"continues", "succeeded"}


@pytest.mark.usefixtures("small_slices")
def test_single_statements_and_rosters_of_both_submitters_at_once_come_to_one_end(
    submitter: Submitter, work: Work
) -> None:
    other = factories.submitter(submitter.organisation)
    for each in (submitter, other):
        roster_of(each, patients(40))

    def state() -> None:
        for number in range(0, 40, 2):
            state_active(submitter, f"p-{number:06}", since=NOON - 200 * DAY)
            state_inactive(other, f"p-{number:06}", since=NOON + DAY)
            worker.work("associate", "default")

    with Threads(3) as threads:
        threads.start(state)
        for _ in range(2):
            threads.start(worker.work, "roster", "reruns")
    assert wait_until(lambda: work() == 0 and not Job.objects.exclude(state="succeeded").exists(), seconds=60)
    assert set(Roster.objects.values_list("state", flat=True)) == {"applied"}
    assert set(linked(submitter)) == set(patients(40))
    assert set(linked(other)) == {f"p-{number:06}" for number in range(1, 40, 2)}
    assert not Attempt.objects.filter(outcome__in=["failed", "lost"]).exists()
    assert not Statement.objects.filter(fulfilled_at=None).exists()


def test_a_job_of_a_roster_that_is_gone_ends_without_a_word(submitter: Submitter, work: Work) -> None:
    job = ledger.NewJob({"roster_id": str(new_id())})
    ledger.enqueue("roster", [job])
    work()
    assert Job.objects.get(pk=job.id).state == "succeeded"


@pytest.mark.usefixtures("small_slices")
def test_a_rosters_job_tells_how_far_it_is_and_what_came_of_it(submitter: Submitter, work: Work) -> None:
    roster = roster_of(submitter, patients(10))
    report = kind_of("roster").report
    assert report is not None
    payload = kind_of("roster").decode({"roster_id": str(roster.pk)}, 1)
    before = report(payload)
    assert before is not None
    assert (before.done, before.of, before.result["state"]) == (0, None, "comparing")
    step(roster)
    step(roster)
    now = report(payload)
    assert now is not None
    assert (now.done, now.of, now.result["missing"]) == (3, 10, 10)
