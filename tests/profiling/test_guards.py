"""A statement over its limit: each process has its own, and who asked is told what to do."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg2
import pytest
from django.db import Error, connection, transaction
from django.test import Client

from clinical_engine.common.database import copy, execute, fetch_all
from clinical_engine.common.guards import Guard, guard_of, sentence_of
from clinical_engine.profiling.fingerprints import shape_of
from clinical_engine.running.environment import ROOT
from observations.models import Measurement
from patients.services import ensure_patients
from tests import factories
from tests.admin.conftest import logged_in
from tests.api.bodies import post, reading, readings
from tests.api.contract import client_of
from tests.factories import Caller
from tests.patients.concurrency import Threads, uncommitted, wait_until
from tests.workers import running_scheduler, running_web, running_worker

TELLING = {"DJANGO_SETTINGS_MODULE": "tests.profiling.telling.settings"}


@pytest.fixture
def limited(committed_db: None) -> Iterator[None]:
    """This connection's statements may take a moment only."""
    execute("SET statement_timeout = '50ms'")
    yield
    # Not with what the test set, and not to the connections of later tests.
    connection.close()


@pytest.fixture
def committed_caller(committed_db: None) -> Caller:
    return factories.caller()


def manage(*arguments: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, ROOT / "manage.py", *arguments],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def error_of(send: Callable[[], object], *, statement_timeout: str = "20ms") -> Error:
    """What Django raises when something is sent with that limit."""
    execute(f"SET LOCAL statement_timeout = '{statement_timeout}'")
    with pytest.raises(Error) as raised, transaction.atomic():
        send()
    return raised.value


def says(log: Path, text: str) -> bool:
    """Whether a process has said it, or says it soon."""
    wait_until(lambda: text in log.read_text(encoding="utf-8"))
    return True


def test_a_web_process_ends_a_statement_before_its_request(tmp_path: Path) -> None:
    with running_web(tmp_path / "web.log", environment=TELLING):
        assert says(tmp_path / "web.log", "Statements 20s, locks 5s.")


def test_a_worker_ends_a_statement_before_its_lease_and_a_scheduler_likewise(tmp_path: Path) -> None:
    with (
        running_worker(tmp_path / "worker.log", environment=TELLING),
        running_scheduler(tmp_path / "scheduler.log", environment=TELLING),
    ):
        for name in ("worker", "scheduler"):
            assert says(tmp_path / f"{name}.log", "Statements 30s, locks 5s.")


def test_a_migration_may_take_an_hour_but_holds_up_nobody_for_a_lock() -> None:
    assert "Statements 1h, locks 5s." in manage("migrate", "--check", **TELLING).stderr
    assert "Statements 30s, locks 5s." in manage("check", **TELLING).stderr


def test_each_process_has_a_limit_of_its_own_in_the_one_environment_that_all_share(tmp_path: Path) -> None:
    shared = {**TELLING, "WEB_STATEMENT_TIMEOUT_MS": "7000", "WORKER_LOCK_TIMEOUT_MS": "2000"}
    with running_web(tmp_path / "web.log", environment=shared):
        assert says(tmp_path / "web.log", "Statements 7s, locks 5s.")
    assert "Statements 30s, locks 2s." in manage("check", **shared).stderr
    assert "Statements 1h, locks 5s." in manage("migrate", "--check", **shared).stderr


def test_a_process_of_an_unknown_name_does_not_start() -> None:
    done = manage("check", CLINICAL_ENGINE_PROCESS="webb")
    assert done.returncode != 0
    assert "must be one of ['web', 'worker', 'migration'], not 'webb'" in done.stderr


@pytest.mark.django_db
def test_an_error_tells_which_limit_a_statement_was_over_and_which_statement_it_was() -> None:
    error = error_of(lambda: execute("SELECT pg_sleep(5)"))
    name = shape_of("SELECT pg_sleep(5)").fingerprint
    assert guard_of(error) is Guard.STATEMENT
    assert sentence_of(error) == f"Statement {name} was over its time limit."


@pytest.mark.django_db
def test_a_copy_that_is_over_its_limit_is_told_as_well() -> None:
    execute("CREATE TEMP TABLE slow (number int DEFAULT length(pg_sleep(5)::text), other int)")
    statement = "COPY slow (other) FROM STDIN"
    error = error_of(lambda: copy(statement, b"1\n"))
    assert sentence_of(error) == f"Statement {shape_of(statement).fingerprint} was over its time limit."


@pytest.mark.django_db
def test_a_statement_that_somebody_cancelled_was_over_no_limit() -> None:
    error = error_of(
        lambda: execute("SELECT pg_cancel_backend(pg_backend_pid()), pg_sleep(5)"), statement_timeout="10s"
    )
    assert error.__cause__ is not None
    assert error.__cause__.pgcode == "57014"  # type: ignore[attr-defined]
    assert (guard_of(error), sentence_of(error)) == (None, "")


@pytest.mark.django_db
def test_other_errors_are_over_no_limit() -> None:
    assert sentence_of(error_of(lambda: execute("SELECT 1 / 0"))) == ""
    assert sentence_of(psycopg2.OperationalError()) == ""
    assert guard_of(None) is None


@pytest.mark.usefixtures("limited")
def test_a_request_with_a_statement_over_its_limit_can_be_sent_again(
    committed_caller: Caller, caplog: pytest.LogCaptureFixture
) -> None:
    api, body = client_of(committed_caller), readings(committed_caller, reading())
    organisation_id = committed_caller.organisation.id
    with (
        Threads(1) as threads,
        uncommitted(threads, lambda: ensure_patients(organisation_id=organisation_id, external_ids=["p-1"])),
    ):
        answer = post(api, "measurements", body)
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "30")
        problem = answer.json()
        assert problem["type"] == "urn:clinical-engine:problem:statement-timeout"
        assert len(problem["statement"]) == 16
        assert "Send the same again" in problem["detail"]
        assert "p-1" not in answer.content.decode()
    assert f"Statement {problem['statement']} was over its time limit." in caplog.text
    assert not Measurement.objects.exists()
    assert post(api, "measurements", body).status_code == 202


def lock_organisations() -> None:
    execute("LOCK TABLE submitters_organisation IN ACCESS EXCLUSIVE MODE")


@pytest.mark.parametrize(
    ("setting", "heading"),
    [("statement_timeout", "This took too long"), ("lock_timeout", "Somebody else is at it")],
)
def test_staff_get_a_page_that_says_what_happened_and_what_to_do(
    committed_db: None, setting: str, heading: str
) -> None:
    browser = logged_in("superuser")
    browser.raise_request_exception = False
    with Threads(1) as threads, uncommitted(threads, lock_organisations):
        execute(f"SET {setting} = '50ms'")
        answer = browser.get("/admin/submitters/organisation/")
        connection.close()
    page = answer.content.decode()
    assert answer.status_code == 503
    assert f"<h1>{heading}</h1>" in page
    assert "what you asked for was not done" in page
    assert "and this: statement " in page
    assert browser.get("/admin/submitters/organisation/").status_code == 200


def test_another_error_of_a_page_is_told_as_ever(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    browser: Client = logged_in("superuser")
    browser.raise_request_exception = False
    with monkeypatch.context() as broken:
        broken.setattr("clinical_engine.staff.dashboard.read_all", lambda: 1 / 0)
        answer = browser.get("/admin/")
    assert answer.status_code == 500
    assert "Something went wrong" in answer.content.decode()


@pytest.mark.parametrize(
    ("variable", "told"),
    [
        ("WORKER_STATEMENT_TIMEOUT_MS", "was over its time limit."),
        ("WORKER_LOCK_TIMEOUT_MS", "waited too long for a lock that something else holds."),
    ],
)
def test_a_command_says_it_in_one_line_and_exits_with_one(
    committed_db: None, variable: str, told: str
) -> None:
    def lock_groups() -> list[tuple[object, ...]]:
        execute("LOCK TABLE auth_group IN ACCESS EXCLUSIVE MODE")
        return fetch_all("SELECT 1")

    with Threads(1) as threads, uncommitted(threads, lock_groups):
        done = manage("create_roles", **{variable: "300"})
    assert done.returncode == 1
    [line] = done.stderr.strip().splitlines()
    assert line.startswith("Statement ")
    assert told in line
    assert "docs/operations/slow-queries.md" in line
