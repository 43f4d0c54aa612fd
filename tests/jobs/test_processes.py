"""A real worker: a ring alone makes it work. What faults in rings, Redis and workers come to is in tests/faults."""

from collections.abc import Callable
from contextlib import closing
from itertools import count
from pathlib import Path

import pytest
import redis
from django.conf import settings
from django.test import Client

from clinical_engine.common.database import fetch_all
from clinical_engine.jobs.models import Attempt, Job
from clinical_engine.running.processes import wait_until
from patients.models import Association, Statement
from tests import factories
from tests.api.bodies import post, statement
from tests.workers import running_worker

Activating = Callable[[int], None]


def everything_is_linked(number: int) -> bool:
    return (
        Association.objects.filter(dissociated_at=None).count() == number
        and not Statement.objects.filter(fulfilled_at=None).exists()
        and not Job.objects.exclude(state="succeeded").exists()
    )


@pytest.fixture
def activate(committed_db: None) -> Activating:
    """Says that a patient is active."""
    del committed_db
    with closing(redis.Redis.from_url(settings.REDIS_URL)) as broker:
        # Nothing that another test left.
        broker.flushall()
    caller = factories.caller()
    client = Client(headers={"Authorization": f"Bearer {caller.key}"})

    def say(number: int) -> None:
        body = statement(caller, f"a-{number}", f"p-{number}")
        assert post(client, "activations", body).status_code == 202

    return say


def connections_of_workers() -> list[int]:
    """The database's processes that serve them, each of which was asked for jobs last."""
    return [
        pid
        for (pid,) in fetch_all(
            "SELECT pid FROM pg_stat_activity WHERE state = 'idle' AND query LIKE '%%FROM jobs_job%%'"
        )
    ]


def test_an_accepted_activation_is_linked_by_a_worker_that_was_rung_for_without_any_sweep(
    tmp_path: Path, activate: Activating
) -> None:
    with running_worker(tmp_path / "worker.log"):
        for number in range(3):
            activate(number)
        assert wait_until(lambda: everything_is_linked(3), seconds=60)
    assert fetch_all("SELECT count(*) FROM jobs_periodicrun") == [(0,)]
    assert set(Attempt.objects.values_list("outcome", "trigger")) == {("succeeded", "auto")}


def test_a_worker_keeps_its_connection_for_seconds_and_replaces_one_that_was_ended(
    tmp_path: Path, activate: Activating
) -> None:
    numbers = count(1)

    def used_for_one_link() -> int:
        number = next(numbers)
        activate(number)
        assert wait_until(
            lambda: everything_is_linked(number) and len(connections_of_workers()) == 1, seconds=60
        )
        [connection] = connections_of_workers()
        return connection

    with running_worker(tmp_path / "worker.log"):
        # However slow the machine is, two links come within the seconds.
        assert wait_until(lambda: used_for_one_link() == used_for_one_link(), seconds=60)
        kept = used_for_one_link()
        assert wait_until(lambda: used_for_one_link() != kept, seconds=60)
        assert fetch_all("SELECT pg_terminate_backend(%s)", [used_for_one_link()]) == [(True,)]
        used_for_one_link()
    assert set(Attempt.objects.values_list("outcome", "trigger")) == {("succeeded", "auto")}
