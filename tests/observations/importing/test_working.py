"""An import's job among workers that die: each line once."""

from pathlib import Path

import pytest

from clinical_engine.common.database import execute
from clinical_engine.jobs import ledger, worker
from clinical_engine.jobs.models import Attempt, Job
from clinical_engine.running.processes import wait_until
from observations.importing import advancing, answering, jobs
from observations.models import ImportState, Measurement, MeasurementImport
from submitters.models import Organisation
from tests import factories
from tests.jobs.killing import QUICK, kill_where_it_writes
from tests.long_work import Work, losing_the_lease
from tests.observations.importing.support import counts, ndjson, readings, received, step
from tests.workers import running_scheduler, running_worker

pytestmark = pytest.mark.usefixtures("committed_db")


@pytest.fixture
def clinic(committed_db: None) -> Organisation:
    return factories.organisation()


def is_over(file: MeasurementImport) -> bool:
    file.refresh_from_db()
    return file.state == ImportState.IMPORTED


@pytest.mark.usefixtures("silent_broker")
def test_an_import_outlives_workers_that_are_killed_in_the_middle_of_its_slices(
    clinic: Organisation, tmp_path: Path
) -> None:
    pieces = [readings(900, start) + ndjson(b"nothing") for start in range(0, 4500, 900)]
    with (
        running_scheduler(tmp_path / "scheduler.log", environment=QUICK),
        running_worker(tmp_path / "worker.log", environment=QUICK) as engine,
    ):
        file = received(clinic, b"".join(pieces))
        for _ in range(2):
            # Behind the measurements: what was refused.
            kill_where_it_writes(engine, "observations_importproblem")
        assert wait_until(lambda: is_over(file), seconds=60)
    assert (counts(file), file.done) == ({"held": 4500, "refused": 5}, 4505)
    assert Measurement.objects.count() == 4500
    outcomes = Attempt.objects.filter(job_id=file.job_id).values_list("outcome", flat=True)
    assert list(outcomes).count("lost") == 2


def test_a_slice_whose_lease_was_lost_is_not_done_twice(
    clinic: Organisation, work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answering, "SLICE", 3)
    file = received(clinic, readings(10))
    taken: list[int] = []

    monkeypatch.setattr(jobs, "advance", losing_the_lease(advancing.advance, file.job_id, taken))
    worker.work("import", "reruns")
    file.refresh_from_db()
    assert (taken, file.done, Measurement.objects.count()) == ([1], 0, 0)
    work()
    assert is_over(file)
    assert counts(file) == {"held": 10}


def test_a_dead_import_that_is_run_again_goes_on_where_it_stopped(
    clinic: Organisation, work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answering, "SLICE", 3)
    file = received(clinic, readings(10))
    step(file)
    execute("UPDATE jobs_job SET state = 'dead', finished_at = now() WHERE kind = 'import'")
    work()
    assert (is_over(file), file.done) == (False, 3)
    ledger.run_again([file.job_id], factories.user().pk)
    work()
    assert is_over(file)
    assert counts(file) == {"held": 10}
    assert Job.objects.get(pk=file.job_id).state == "succeeded"
