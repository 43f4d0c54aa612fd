"""A query for one row after another fails where it is sent, in development and in tests; production knows nothing of it."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
import redis
import requests
from celery import current_app
from django.conf import settings as of_engine
from django.test import Client
from pytest_django import Settings
from silk.models import Request
from zeal import NPlusOneError

from clinical_engine.jobs import ledger
from clinical_engine.jobs.models import Attempt
from clinical_engine.jobs.registry import JobKind
from clinical_engine.running.environment import ROOT
from clinical_engine.running.processes import wait_until
from tests import factories
from tests.jobs.releases import registered
from tests.platform.planted import rows
from tests.workers import running_web, running_worker

PLANTED = {"DJANGO_SETTINGS_MODULE": "tests.platform.planted.settings"}
WAYS = {
    "what_each_belongs_to": "submitters.Submitter.organisation",
    "what_belongs_to_each": "submitters.Organisation.submitters",
    "each_by_its_key": r"submitters.Submitter.get\(\)",
    "a_column_left_out": "submitters.Submitter.name",
}
with_planted_addresses = pytest.mark.urls("tests.platform.planted.urls")


@pytest.fixture
def kind(committed_db: None) -> Iterator[JobKind]:
    with registered(rows.KIND) as known:
        yield known


def enqueue(kind: JobKind, number: int) -> None:
    """Jobs that are each about a submitter of its own."""
    jobs = [ledger.NewJob({}, submitter_id=factories.submitter().pk) for _ in range(number)]
    ledger.enqueue(kind.name, jobs)


def states() -> set[tuple[str, str]]:
    """Of all jobs, with the class of the error that each ended with."""
    return set(Attempt.objects.values_list("job__state", "error_class"))


@pytest.mark.django_db
@with_planted_addresses
@pytest.mark.parametrize(("way", "field"), WAYS.items())
def test_a_page_that_asks_for_one_row_after_another_fails_and_names_field_and_place(
    client: Client, way: str, field: str
) -> None:
    for _ in range(2):
        factories.submitter()
    with pytest.raises(NPlusOneError, match=rf"{field} at .*planted/rows\.py:\d+ in "):
        client.get(f"/planted/{way}")


@pytest.mark.django_db
@with_planted_addresses
@pytest.mark.parametrize("way", WAYS)
def test_the_same_page_about_one_row_is_answered_as_often_as_it_is_asked_for(
    client: Client, way: str
) -> None:
    factories.submitter()
    for _ in range(3):
        assert client.get(f"/planted/{way}").status_code == 200


@pytest.mark.django_db
@with_planted_addresses
def test_a_page_that_asks_for_all_rows_together_is_answered(client: Client) -> None:
    for _ in range(3):
        factories.submitter()
    assert len(client.get("/planted/all_together").json()["found"]) == 3


def test_a_batch_that_asks_for_one_row_after_another_is_dead_as_a_whole_and_says_where(
    kind: JobKind, work: Callable[[], int]
) -> None:
    enqueue(kind, 3)
    assert work() == 3
    # Halved it would have succeeded, one job at a time.
    assert states() == {("dead", "QueryPerRowError")}
    [message] = set(Attempt.objects.values_list("message", flat=True))
    assert "submitters.Submitter.get()" in message
    assert "planted/rows.py" in message


def test_batches_of_one_succeed(kind: JobKind, work: Callable[[], int]) -> None:
    for _ in range(3):
        enqueue(kind, 1)
        assert work() == 1
    assert states() == {("succeeded", "")}


@pytest.mark.django_db
def test_what_a_test_does_for_one_after_another_is_no_fault_of_the_engine() -> None:
    # Each reads the row that it has just written, at the same line of the engine.
    assert len({factories.caller().key for _ in range(3)}) == 3


@pytest.mark.django_db
def test_what_silk_asks_for_one_after_another_on_its_own_page_is_left_to_it(
    admin_client: Client, settings: Settings
) -> None:
    settings.PROFILED_SHARE = 1
    for _ in range(3):
        admin_client.get("/admin/")
    settings.PROFILED_SHARE = 0
    assert Request.objects.count() == 3
    assert admin_client.get("/silk/requests/").status_code == 200
    settings.ZEAL_ALLOWLIST = []
    with pytest.raises(NPlusOneError, match=r"silk\.Request\.response"):
        admin_client.get("/silk/requests/")


@pytest.mark.usefixtures("committed_db")
def test_a_web_process_in_development_answers_such_a_page_with_an_error_that_its_log_explains(
    tmp_path: Path,
) -> None:
    for _ in range(2):
        factories.submitter()
    log = tmp_path / "web.log"
    with running_web(log, environment=PLANTED) as address:
        assert requests.get(f"{address}/planted/all_together", timeout=60).status_code == 200
        assert requests.get(f"{address}/planted/what_each_belongs_to", timeout=60).status_code == 500
    said = log.read_text(encoding="utf-8")
    assert "NPlusOneError" in said
    assert "planted/rows.py" in said


@pytest.mark.usefixtures("committed_db")
def test_it_can_be_switched_off_for_measurements(tmp_path: Path) -> None:
    for _ in range(2):
        factories.submitter()
    with running_web(tmp_path / "web.log", environment={**PLANTED, "N_PLUS_ONE_FAILS": "0"}) as address:
        assert requests.get(f"{address}/planted/what_each_belongs_to", timeout=60).status_code == 200


def test_a_worker_in_development_fails_such_a_batch_and_such_a_task(kind: JobKind, tmp_path: Path) -> None:
    with closing(redis.Redis.from_url(of_engine.REDIS_URL)) as broker:
        # Nothing that another test left.
        broker.flushall()
    # There before the worker is: it claims them as one batch.
    enqueue(kind, 3)
    with running_worker(tmp_path / "worker.log", environment=PLANTED) as worker:
        current_app.send_task("jobs.work", args=[kind.name, kind.queue], queue="default")
        current_app.send_task("planted.task", queue="default")
        assert wait_until(lambda: states() == {("dead", "QueryPerRowError")}, seconds=60)
        assert wait_until(lambda: worker.says("NPlusOneError"), seconds=60)


IN_PRODUCTION = """
import sys
from clinical_engine.wsgi import application
from clinical_engine.celery import app
from clinical_engine.profiling.n_plus_one import no_query_per_row
from django.conf import settings
app.loader.import_default_modules()
with no_query_per_row():
    print(settings.MODE, settings.N_PLUS_ONE_FAILS)
print([name for name in [*sys.modules, *settings.INSTALLED_APPS, *settings.MIDDLEWARE] if name.startswith("zeal")])
"""


def test_in_production_it_is_neither_installed_nor_loaded_whatever_the_environment_says() -> None:
    done = subprocess.run(
        [sys.executable, "-c", IN_PRODUCTION],
        cwd=ROOT,
        env={
            **os.environ,
            "CLINICAL_ENGINE_MODE": "production",
            "RELEASE": "1",
            "ALLOWED_HOSTS": "engine.example",
            "N_PLUS_ONE_FAILS": "1",
        },
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    assert done.stdout.splitlines() == ["production False", "[]"]
