"""A bulk rerun worked off by real workers, some of which are killed in the middle of it."""

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
from tests.jobs.killing import QUICK, kill_where_it_writes
from tests.jobs.reruns.support import again, kill
from tests.workers import EngineProcess, running_scheduler, running_worker

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


def test_a_rerun_outlives_the_death_of_its_workers_and_runs_each_job_once(
    failed_activations: list[object], tmp_path: Path
) -> None:
    with engine(tmp_path) as worker:
        rerun = begin()
        # In the middle of a slice that drives it, and in the middle of the jobs that it has set going.
        kill_where_it_writes(worker, "jobs_rerunitem")
        assert wait_until(lambda: again(rerun).succeeded >= 20, seconds=60)
        kill_where_it_writes(worker, "patients_association")
        kill_where_it_writes(worker, "jobs_rerunitem")
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
        assert wait_until(lambda: client.llen("reruns") > 0, seconds=60)
        client.flushall()
    with engine(tmp_path):
        assert wait_until(lambda: again(rerun).state == "finished", seconds=60)
    assert again(rerun).succeeded == NUMBER
