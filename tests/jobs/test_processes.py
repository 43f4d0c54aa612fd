"""Real workers, a real scheduler: what was accepted reaches its result whatever happens to rings, Redis and workers."""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import redis
from django.conf import settings
from django.test import Client

from clinical_engine.common.database import fetch_all
from clinical_engine.jobs import rings
from clinical_engine.jobs.models import Attempt, Job
from clinical_engine.running.processes import wait_until
from clinical_engine.running.redis_server import RedisServer
from patients.models import Association, Statement
from tests import factories
from tests.jobs.support import other_connection
from tests.workers import running_scheduler, running_worker

QUICK = {"JOB_LEASE_SECONDS": "4", "SWEEP_INTERVAL_SECONDS": "1"}
Activate = Callable[[int], list[str]]


@pytest.fixture
def broker(committed_db: None) -> Iterator["redis.Redis"]:
    """The engine's Redis, with nothing in it that another test left."""
    with closing(redis.Redis.from_url(settings.REDIS_URL)) as client:
        client.flushall()
        yield client


@pytest.fixture
def activate(broker: "redis.Redis") -> Activate:
    """Posts a number of activations of new patients; where to poll each."""
    caller = factories.caller()
    client = Client(headers={"Authorization": f"Bearer {caller.key}"})

    def post(number: int) -> list[str]:
        locations = []
        for each in range(number):
            body: dict[str, Any] = {
                "client_id": f"a-{each}",
                "submitter": str(caller.submitter.id),
                "external_id": f"p-{each}",
                "effective_at": "2026-03-01T00:00:00Z",
            }
            answer = client.post("/api/v1/activations", body, content_type="application/json")
            assert answer.status_code == 202, answer.content
            locations.append(answer.headers["Location"])
        return locations

    return post


def everything_is_linked(number: int) -> bool:
    return (
        Association.objects.filter(dissociated_at=None).count() == number
        and not Statement.objects.filter(fulfilled_at=None).exists()
        and not Job.objects.exclude(state="succeeded").exists()
    )


def test_an_accepted_activation_is_linked_by_a_worker_that_was_rung_for_without_any_sweep(
    activate: Activate, tmp_path: Path
) -> None:
    with running_worker(tmp_path / "worker.log"):
        activate(3)
        assert wait_until(lambda: everything_is_linked(3), seconds=60)
    assert fetch_all("SELECT count(*) FROM jobs_periodicrun") == [(0,)]
    assert set(Attempt.objects.values_list("outcome", "trigger")) == {("succeeded", "auto")}


def test_with_redis_emptied_after_the_acceptance_the_sweeper_delivers(
    activate: Activate, broker: "redis.Redis", tmp_path: Path
) -> None:
    activate(3)
    # Once this later ring is there, no ring for the activations is under way any more.
    rings.ring("marker", "nowhere")
    assert wait_until(lambda: broker.llen("nowhere") == 1, seconds=10)
    broker.flushall()
    with (
        running_worker(tmp_path / "worker.log", environment=QUICK),
        running_scheduler(tmp_path / "scheduler.log", environment=QUICK),
    ):
        assert wait_until(lambda: everything_is_linked(3), seconds=60)
    assert fetch_all("SELECT count(*) FROM jobs_periodicrun") == [(1,)]


def test_a_worker_killed_in_the_middle_of_a_batch_loses_nothing_and_does_nothing_twice(
    activate: Activate, tmp_path: Path
) -> None:
    with (
        running_scheduler(tmp_path / "scheduler.log", environment=QUICK),
        running_worker(tmp_path / "worker.log", environment=QUICK) as worker,
    ):
        with other_connection() as cursor:
            # Holds a batch up in the middle: its jobs are claimed, its patients locked, nothing is committed.
            cursor.execute("LOCK TABLE patients_association IN EXCLUSIVE MODE")
            activate(20)
            assert wait_until(Job.objects.filter(state="running").exists, seconds=60)
            [child] = worker.child_pids()
            os.kill(child, signal.SIGKILL)
        assert wait_until(lambda: everything_is_linked(20), seconds=60)
        assert worker.process.poll() is None
    assert Attempt.objects.filter(outcome="lost").exists()
    assert Association.objects.count() == 20
    # Once each: an attempt that succeeded for every job, and no job without.
    assert Attempt.objects.filter(outcome="succeeded").values("job").distinct().count() == Job.objects.count()


def test_a_worker_outlives_a_restart_of_its_broker(activate: Activate, tmp_path: Path) -> None:
    with (
        RedisServer(tmp_path) as server,
        running_worker(tmp_path / "worker.log", environment={**QUICK, "REDIS_URL": server.url()}),
        running_scheduler(tmp_path / "scheduler.log", environment={**QUICK, "REDIS_URL": server.url()}),
    ):
        server.kill()
        # These ring by the tests' own Redis, which this worker does not hear: only its sweeper can deliver.
        activate(3)
        server.start()
        assert wait_until(lambda: everything_is_linked(3), seconds=60)
