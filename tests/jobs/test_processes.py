"""A real worker: a ring alone makes it work. What faults in rings, Redis and workers come to is in tests/faults."""

from contextlib import closing
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


def everything_is_linked(number: int) -> bool:
    return (
        Association.objects.filter(dissociated_at=None).count() == number
        and not Statement.objects.filter(fulfilled_at=None).exists()
        and not Job.objects.exclude(state="succeeded").exists()
    )


@pytest.mark.usefixtures("committed_db")
def test_an_accepted_activation_is_linked_by_a_worker_that_was_rung_for_without_any_sweep(
    tmp_path: Path,
) -> None:
    with closing(redis.Redis.from_url(settings.REDIS_URL)) as broker:
        # Nothing that another test left.
        broker.flushall()
    caller = factories.caller()
    client = Client(headers={"Authorization": f"Bearer {caller.key}"})
    with running_worker(tmp_path / "worker.log"):
        for number in range(3):
            body = statement(caller, f"a-{number}", f"p-{number}")
            assert post(client, "activations", body).status_code == 202
        assert wait_until(lambda: everything_is_linked(3), seconds=60)
    assert fetch_all("SELECT count(*) FROM jobs_periodicrun") == [(0,)]
    assert set(Attempt.objects.values_list("outcome", "trigger")) == {("succeeded", "auto")}
