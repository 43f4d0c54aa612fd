"""A backfill's job among workers that die: in the end everything is as if it had been computed live."""

from pathlib import Path

import pytest

from clinical_engine.jobs.models import Attempt, Job
from clinical_engine.running.processes import wait_until
from observations.backfill import pace
from observations.models import Backfill, BackfillState, Observation
from tests import factories
from tests.jobs.killing import QUICK, kill_where_it_writes
from tests.jobs.support import other_connection
from tests.long_work import Work
from tests.observations.backfill.support import (
    alike,
    computed_live,
    current_rows,
    publish_chain,
    publish_fix,
    started,
    with_pulses,
)
from tests.workers import running_scheduler, running_worker

pytestmark = pytest.mark.usefixtures("committed_db")


def is_done(backfill: Backfill) -> bool:
    backfill.refresh_from_db()
    return backfill.state == BackfillState.DONE


@pytest.mark.usefixtures("silent_broker")
def test_a_backfill_outlives_workers_that_are_killed_in_the_middle_of_its_slices(
    work: Work, tmp_path: Path
) -> None:
    publish_chain()
    with_pulses(factories.submitter(), alike(250, [70, 90]))
    work()
    publish_fix()
    with (
        running_scheduler(tmp_path / "scheduler.log", environment=QUICK),
        running_worker(tmp_path / "worker.log", environment=QUICK) as engine,
    ):
        backfill = started()
        for _ in range(2):
            # It has written results, and must note failures.
            kill_where_it_writes(engine, "observations_scriptfailure")
        assert wait_until(lambda: is_done(backfill), seconds=90)
    assert (backfill.patients_done, backfill.results, backfill.results_changed) == (250, 500, 250)
    outcomes = Attempt.objects.filter(job_id=backfill.job_id).values_list("outcome", flat=True)
    assert list(outcomes).count("lost") == 2
    backfilled = current_rows()
    assert backfilled == computed_live(work)


def test_a_slice_that_is_done_twice_changes_nothing_more(work: Work) -> None:
    publish_chain()
    with_pulses(factories.submitter(), alike(3))
    work()
    publish_fix()
    backfill = started()
    work()
    rows = list(Observation.objects.order_by("pk").values())
    # As after a crash of the server that took the last commits of the backfill but not those of others.
    Backfill.objects.update(state=BackfillState.RUNNING, last_patient=None, finished_at=None)
    Job.objects.filter(pk=backfill.job_id).update(state="available", finished_at=None)
    work()
    assert is_done(backfill)
    assert list(Observation.objects.order_by("pk").values()) == rows


def test_a_patient_who_is_locked_holds_the_backfill_up_only_until_the_lock_is_gone(
    work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pace, "FIRST", 1)
    publish_chain()
    with_pulses(factories.submitter(), alike(3))
    work()
    publish_fix()
    backfill = started()
    with other_connection() as cursor:
        cursor.execute("SELECT FROM patients_patient WHERE external_id = 'p-1' FOR NO KEY UPDATE")
        work()
        backfill.refresh_from_db()
        assert (backfill.patients_done, backfill.state) == (1, BackfillState.RUNNING)
        assert Job.objects.get(pk=backfill.job_id).attempts_used == 0
    assert wait_until(lambda: work() >= 0 and is_done(backfill), seconds=60)
    assert backfill.patients_done == 3
