"""A bulk rerun worked off by real workers, some of which are killed in the middle of it."""

import os
import signal
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
import redis
from django.conf import settings

from clinical_engine.common.database import fetch_all
from clinical_engine.jobs.models import Attempt, Job, Rerun
from clinical_engine.jobs.reruns import services
from clinical_engine.jobs.reruns.limits import Limits
from clinical_engine.jobs.selection import Selection
from clinical_engine.running.processes import wait_until
from patients.models import Association
from patients.services import activate
from tests import factories
from tests.jobs.reruns.support import again, kill
from tests.jobs.support import other_connection
from tests.workers import EngineProcess, running_scheduler, running_worker

QUICK = {"JOB_LEASE_SECONDS": "4", "SWEEP_INTERVAL_SECONDS": "1"}
NUMBER = 300


@pytest.fixture
def failed_activations(committed_db: None) -> list[object]:
    """Accepted activations whose jobs all died."""
    submitter = factories.submitter()
    said = [factories.statement(f"p-{number}") for number in range(NUMBER)]
    activate(submitter=submitter, statements=said, origin=factories.BY_IMPORT)
    job_ids = list(Job.objects.values_list("pk", flat=True))
    kill(job_ids)
    with closing(redis.Redis.from_url(settings.REDIS_URL)) as client:
        client.flushall()
    return [*job_ids]


@contextmanager
def engine(folder: Path) -> Iterator[EngineProcess]:
    with (
        running_scheduler(folder / "scheduler.log", environment=QUICK),
        running_worker(folder / "worker.log", environment=QUICK) as worker,
    ):
        yield worker


def begin() -> Rerun:
    return services.start(
        actor=factories.user(),
        selection=Selection.parse({"kind": "associate"}),
        reason="ticket 12",
        limits=Limits(rate=100),
    )


def kill_while_it_holds(worker: EngineProcess, table: str, kind: str) -> None:
    """Let the worker come to the middle of a batch of the kind, where it has to write to the table, and kill it there."""
    with other_connection() as cursor:
        cursor.execute(f"LOCK TABLE {table} IN EXCLUSIVE MODE")
        assert wait_until(Job.objects.filter(kind=kind, state="running").exists, seconds=60)
        [child] = worker.child_pids()
        os.kill(child, signal.SIGKILL)
        assert wait_until(lambda: worker.child_pids() not in ([child], []), seconds=60)


def test_a_rerun_outlives_the_death_of_its_workers_and_runs_each_job_once(
    failed_activations: list[object], tmp_path: Path
) -> None:
    with engine(tmp_path) as worker:
        rerun = begin()
        # In the middle of a slice that drives it, and in the middle of the jobs that it has set going.
        kill_while_it_holds(worker, "jobs_rerunitem", "rerun")
        assert wait_until(lambda: again(rerun).succeeded >= 20, seconds=60)
        kill_while_it_holds(worker, "patients_association", "associate")
        kill_while_it_holds(worker, "jobs_rerunitem", "rerun")
        assert wait_until(lambda: again(rerun).state == "finished", seconds=90)
    rerun = again(rerun)
    assert (rerun.total, rerun.started, rerun.succeeded, rerun.failed, rerun.skipped) == (
        NUMBER,
        NUMBER,
        NUMBER,
        0,
        0,
    )
    assert Association.objects.filter(dissociated_at=None).count() == NUMBER
    assert Attempt.objects.filter(outcome="lost", job__kind="rerun").exists()
    assert Attempt.objects.filter(outcome="lost", job__kind="associate").exists()
    succeeded = Attempt.objects.filter(job__kind="associate", outcome="succeeded")
    assert succeeded.count() == succeeded.values("job").distinct().count() == NUMBER


def test_a_rerun_without_a_scheduler_goes_on_by_its_own_rings(
    failed_activations: list[object], tmp_path: Path
) -> None:
    with running_worker(tmp_path / "worker.log"):
        rerun = begin()
        assert wait_until(lambda: again(rerun).state == "finished", seconds=60)
    assert again(rerun).succeeded == NUMBER
    assert fetch_all("SELECT count(*) FROM jobs_periodicrun") == [(0,)]


def test_a_rerun_whose_rings_were_all_lost_is_brought_back_by_the_sweeper(
    failed_activations: list[object], tmp_path: Path
) -> None:
    rerun = begin()
    with closing(redis.Redis.from_url(settings.REDIS_URL)) as client:
        assert wait_until(lambda: client.llen("reruns") > 0, seconds=10)
        client.flushall()
    with engine(tmp_path):
        assert wait_until(lambda: again(rerun).state == "finished", seconds=60)
    assert again(rerun).succeeded == NUMBER
