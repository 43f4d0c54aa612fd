"""Health and metrics: what the load balancer, `make run` and Prometheus are told, and what they must not be told."""

import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from time import monotonic
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families
from pytest_django import DjangoAssertNumQueries

from clinical_engine.common.database import execute, fetch_all
from clinical_engine.jobs import sweeper
from clinical_engine.jobs.models import Job, PeriodicRun
from clinical_engine.monitoring import probes
from clinical_engine.running.environment import ROOT
from observations.intake import Sender, record_measurements
from observations.models import Measurement, MeasurementSource
from patients import services
from patients.models import Statement
from tests import factories
from tests.jobs.support import other_connection

MARK = "Kowalczyk-4711"
pytestmark = pytest.mark.usefixtures("committed_db")


@pytest.fixture
def swept(committed_db: None) -> None:
    sweeper.sweep()


def ready(client: Client, status: int) -> dict[str, Any]:
    """The readings of the probes, by name."""
    response = client.get("/health/ready")
    assert response.status_code == status, response.content
    document = response.json()
    assert document["status"] == ("ok" if status == 200 else "not ready")
    found: dict[str, Any] = document["probes"]
    return found


def metrics(client: Client) -> dict[str, float]:
    """Every sample by its name, with the probe for those that have one."""
    response = client.get("/metrics")
    assert response.status_code == 200
    assert response.headers["Content-Type"].startswith("text/plain")
    return {
        sample.labels.get("probe", "") + sample.name: sample.value
        for family in text_string_to_metric_families(response.content.decode())
        for sample in family.samples
    }


def test_live_says_that_the_process_answers_and_asks_nothing_else(
    client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(0):
        response = client.get("/health/live")
    assert (response.status_code, response.json()) == (200, {"status": "ok"})


@pytest.mark.parametrize("path", ["/health/live", "/health/ready", "/metrics"])
def test_health_is_only_read(path: str, client: Client) -> None:
    assert client.post(path).status_code == 405


def test_nothing_is_ready_before_the_first_sweep(client: Client) -> None:
    probe = ready(client, 503)["seconds_since_last_sweep"]
    assert (probe["value"], probe["ok"], probe["critical"]) == (None, False, True)
    assert "Is the scheduler running?" in probe["message"]


@pytest.mark.usefixtures("swept")
def test_after_a_sweep_it_is_ready_with_the_details_of_every_probe(client: Client) -> None:
    found = ready(client, 200)
    assert found.keys() == {"database_up", *probes._probes}
    assert {"statements_overdue", "measurements_overdue", "jobs_failed", "jobs_late"} <= found.keys()
    for probe in found.values():
        assert probe.keys() == {"value", "ok", "critical", "description", "message"}
        assert probe["ok"] is True
        assert isinstance(probe["value"], int | float)
        assert probe["description"]


@pytest.mark.usefixtures("swept")
def test_a_stale_sweep_makes_it_unready(client: Client) -> None:
    PeriodicRun.objects.update(last_run_at=timezone.now() - sweeper.stale_after() - timedelta(seconds=1))
    assert not ready(client, 503)["seconds_since_last_sweep"]["ok"]


@pytest.mark.usefixtures("swept")
def test_the_metrics_hold_every_probe_and_whether_it_is_as_it_should_be(client: Client) -> None:
    found = metrics(client)
    for name in ("database_up", *probes._probes):
        assert f"clinical_engine_{name}" in found
        assert found[f"{name}clinical_engine_probe_ok"] == 1
    assert found["clinical_engine_database_up"] == 1


@pytest.mark.usefixtures("swept")
def test_a_failed_job_shows_in_both_and_leaves_the_process_ready(client: Client) -> None:
    submitter = factories.submitter()
    services.activate(submitter=submitter, statements=[factories.statement("p")], origin=factories.BY_IMPORT)
    Job.objects.update(state="dead", finished_at=timezone.now())
    probe = ready(client, 200)["jobs_failed"]
    assert (probe["value"], probe["ok"], probe["critical"]) == (1, False, False)
    found = metrics(client)
    assert found["clinical_engine_jobs_failed"] == 1
    assert found["jobs_failedclinical_engine_probe_ok"] == 0


@pytest.mark.usefixtures("swept")
def test_a_job_that_is_due_and_not_started_for_a_minute_shows(client: Client) -> None:
    submitter = factories.submitter()
    services.activate(submitter=submitter, statements=[factories.statement("p")], origin=factories.BY_IMPORT)
    assert ready(client, 200)["jobs_late"]["ok"]
    execute("UPDATE jobs_job SET next_run_at = now() - interval '61 seconds'")
    assert ready(client, 200)["jobs_late"]["value"] == 1


@pytest.fixture
def overdue(swept: None) -> None:
    """A statement that is not fulfilled and a measurement that is held, both past due, of a marked patient."""
    submitter = factories.submitter(factories.organisation(name=f"{MARK} clinic"), name=f"{MARK} programme")
    services.activate(
        submitter=submitter,
        statements=[factories.statement(MARK, client_id=f"s-{MARK}")],
        origin=factories.BY_IMPORT,
    )
    [answer] = record_measurements(
        organisation_id=submitter.organisation_id,
        readings=[factories.reading(MARK, "123.4567", client_id=f"m-{MARK}")],
        sender=Sender(MeasurementSource.API),
    )
    assert answer.outcome == "held"
    Statement.objects.update(due_at=timezone.now() - timedelta(seconds=1))
    Measurement.objects.update(due_at=timezone.now() - timedelta(seconds=1))


@pytest.mark.usefixtures("overdue")
def test_one_overdue_statement_and_one_overdue_measurement_show_in_both(client: Client) -> None:
    found, samples = ready(client, 200), metrics(client)
    for name in ("statements_overdue", "measurements_overdue"):
        assert (found[name]["value"], found[name]["ok"]) == (1, False)
        assert found[name]["message"]
        assert samples[f"clinical_engine_{name}"] == 1
        assert samples[f"{name}clinical_engine_probe_ok"] == 0


@pytest.mark.usefixtures("overdue")
def test_neither_health_nor_metrics_say_anything_of_a_patient_or_an_organisation(client: Client) -> None:
    for path in ("/health/live", "/health/ready", "/metrics"):
        text = client.get(path).content.decode()
        assert MARK not in text
        assert "123.4567" not in text
        assert str(Statement.objects.get().patient_id) not in text
        assert str(Statement.objects.get().organisation_id) not in text


@pytest.fixture
def failing_probe() -> Iterator[str]:
    """A probe that cannot be read, whose error holds a value."""

    def fail() -> probes.Reading:
        raise ValueError(MARK)

    probes.register(probes.Probe("failing", "Fails", fail))
    yield "failing"
    del probes._probes["failing"]


@pytest.mark.usefixtures("swept")
def test_a_probe_that_cannot_be_read_says_so_and_hides_no_other(client: Client, failing_probe: str) -> None:
    found = ready(client, 200)
    assert (found[failing_probe]["value"], found[failing_probe]["ok"]) == (None, False)
    assert found[failing_probe]["message"] == "Cannot be read: ValueError."
    assert found["jobs_failed"]["ok"]
    assert metrics(client)["failingclinical_engine_probe_ok"] == 0


HELD = "Cannot be read: something holds its table."


@pytest.mark.usefixtures("swept")
@pytest.mark.parametrize("path", ["/health/ready", "/metrics", "/admin/"])
def test_while_tables_are_locked_it_answers_sooner_than_one_statement_waits_for_a_lock(
    path: str, client: Client
) -> None:
    client.force_login(User.objects.create_superuser("on-call"))
    # What a process needs for its first answer is not what is measured.
    client.get(path)
    with other_connection() as cursor:
        cursor.execute("LOCK TABLE patients_statement, observations_measurement IN ACCESS EXCLUSIVE MODE")
        started = monotonic()
        response = client.get(path)
        took = monotonic() - started
    assert response.status_code == 200
    assert took < settings.LOCK_TIMEOUT_MS / 1000
    [(limit,)] = fetch_all("SHOW lock_timeout")
    assert limit == "5s"


@pytest.mark.usefixtures("swept")
def test_a_probe_whose_table_is_locked_says_so_and_the_others_are_read(client: Client) -> None:
    with other_connection() as cursor:
        cursor.execute("LOCK TABLE patients_statement, observations_measurement IN ACCESS EXCLUSIVE MODE")
        found, samples = ready(client, 200), metrics(client)
    for name in ("statements_overdue", "measurements_overdue"):
        assert (found[name]["value"], found[name]["ok"], found[name]["message"]) == (None, False, HELD)
        assert samples[f"{name}clinical_engine_probe_ok"] == 0
        assert f"clinical_engine_{name}" not in samples
    assert found["jobs_failed"]["ok"]
    assert samples["clinical_engine_jobs_failed"] == 0
    assert ready(client, 200)["statements_overdue"]["ok"]


def test_two_probes_of_one_name_are_refused(failing_probe: str) -> None:
    with pytest.raises(ValueError, match="registered twice"):
        probes.register(probes.Probe(failing_probe, "Again", lambda: probes.Reading(1, ok=True)))


@pytest.mark.usefixtures("swept")
def test_a_connection_that_the_server_ended_is_replaced(client: Client) -> None:
    ready(client, 200)
    connection.ensure_connection()
    with other_connection() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s)", [connection.connection.info.backend_pid])
    ready(client, 200)


WITHOUT_DATABASE = """
import django
django.setup()
from django.test import Client
from time import monotonic
client = Client(SERVER_NAME="localhost")
started = monotonic()
for path in ("/health/live", "/health/ready", "/metrics"):
    response = client.get(path)
    print(response.status_code, response.content.decode().replace("\\n", "|"))
print(monotonic() - started)
"""


def test_without_a_database_it_is_alive_unready_and_says_why_within_seconds() -> None:
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_DATABASE],
        cwd=ROOT,
        env={
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "clinical_engine.settings",
            "DATABASE_URL": "postgres://nobody@/nothing?host=/nonexistent",
        },
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    live, unready, samples, seconds = done.stdout.splitlines()
    assert float(seconds) < 15
    assert live == '200 {"status": "ok"}'
    assert unready.startswith("503 ")
    assert '"database_up": {"value": 0, "ok": false, "critical": true' in unready
    assert "PostgreSQL does not answer." in unready
    assert unready.count("Not read, since PostgreSQL does not answer.") == len(probes._probes)
    assert samples.startswith("200 ")
    assert "clinical_engine_database_up 0.0" in samples
    assert "Traceback" not in done.stderr
