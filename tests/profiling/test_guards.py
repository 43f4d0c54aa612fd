"""A statement over its limit: each process has its own, and who asked is told what to do."""

import io
import os
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import psycopg2
import pytest
from django.db import Error, connection, transaction
from django.test import Client
from django.utils import timezone

from clinical_engine.common.database import copy, execute, fetch_all
from clinical_engine.common.guards import Guard, guard_of, sentence_of
from clinical_engine.monitoring.probes import read_all
from clinical_engine.profiling.capture import writing
from clinical_engine.profiling.capture.rollup import roll_up
from clinical_engine.profiling.capture.units import unit_of_work
from clinical_engine.profiling.fingerprints import shape_of
from clinical_engine.profiling.models import CapturedBatch, CapturedStatement, Finding, FindingKind
from clinical_engine.running.environment import ROOT
from clinical_engine.running.services import engine_services
from tests.admin.conftest import logged_in
from tests.patients.concurrency import Threads, uncommitted, wait_until
from tests.profiling.capture.support import capturing
from tests.workers import running_scheduler, running_web, running_worker

TELLING = {"DJANGO_SETTINGS_MODULE": "tests.profiling.telling.settings"}


def manage(*arguments: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, ROOT / "manage.py", *arguments],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def error_of(send: Callable[[], object], *, statement_timeout: str = "20ms") -> Error:
    """What Django raises when something is sent with that limit."""

    @transaction.atomic
    def limited() -> None:
        # Within, so that nothing but what is sent has to keep to it.
        execute(f"SET LOCAL statement_timeout = '{statement_timeout}'")
        send()

    with pytest.raises(Error) as raised:
        limited()
    return raised.value


def says(log: Path, text: str) -> bool:
    """Whether a process has said it, or says it soon."""
    wait_until(lambda: text in log.read_text(encoding="utf-8"))
    return True


def test_a_web_process_ends_a_statement_before_its_request(tmp_path: Path) -> None:
    # Whatever whoever starts it has in the environment.
    with running_web(tmp_path / "web.log", environment={**TELLING, "CLINICAL_ENGINE_PROCESS": "migration"}):
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


def test_what_is_started_together_does_not_take_over_what_the_shell_is_set_up_for(tmp_path: Path) -> None:
    services = engine_services(8000, tmp_path, {"CLINICAL_ENGINE_PROCESS": "migration"})
    assert {service.environment["CLINICAL_ENGINE_PROCESS"] for service in services} == {"worker"}


def test_a_process_of_an_unknown_name_does_not_start() -> None:
    done = manage("check", CLINICAL_ENGINE_PROCESS="webb")
    assert done.returncode != 0
    assert "CLINICAL_ENGINE_PROCESS is 'webb', none of ['web', 'worker', 'migration']" in done.stderr


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


def rows_that_are_refused() -> "io.BufferedReader":
    class Refusing(io.RawIOBase):
        def readable(self) -> bool:
            return True

        def readinto(self, buffer: object) -> int:  # noqa: ARG002 - as Python calls it
            raise ValueError("The second line is not as it should be.")

    return io.BufferedReader(Refusing())


@pytest.mark.django_db
def test_a_copy_whose_rows_are_refused_was_over_no_limit_and_is_no_failure_of_its_statement() -> None:
    execute("CREATE TEMP TABLE refused (number int)")

    def send() -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.copy_expert("COPY refused FROM STDIN", rows_that_are_refused())

    with capturing() as noted, unit_of_work("PUT /roster"), pytest.raises(psycopg2.Error) as raised:
        send()
    error = raised.value
    assert error.pgcode == "57014"
    assert (guard_of(error), sentence_of(error)) == (None, "")
    copied = noted.of("COPY refused")
    assert (copied.calls, copied.failures, copied.timeouts) == (1, 0, 0)


@pytest.mark.django_db
def test_other_errors_are_over_no_limit() -> None:
    assert sentence_of(error_of(lambda: execute("SELECT 1 / 0"), statement_timeout="10s")) == ""
    assert sentence_of(psycopg2.OperationalError()) == ""
    assert guard_of(None) is None


def timed_out() -> tuple[float | None, bool]:
    """What the probe says."""
    reading = next(reading for probe, reading in read_all().items() if probe.name == "statements_timed_out")
    return reading.value, reading.ok


def test_what_was_over_its_limit_is_counted_found_and_watched_for_an_hour(committed_db: None) -> None:
    writing.flush()
    CapturedBatch.objects.all().delete()
    assert timed_out() == (0, True)
    with transaction.atomic():
        error_of(lambda: execute("SELECT pg_sleep(%s)", [5]))
    writing.flush()
    roll_up()
    statement = CapturedStatement.objects.get(fingerprint=shape_of("SELECT pg_sleep(%s)").fingerprint)
    assert (statement.timeouts_week, statement.failures_week) == (1, 1)
    assert Finding.objects.get(statement=statement).kind == FindingKind.OVER_LIMIT
    assert timed_out() == (1, False)
    overview = logged_in("superuser").get("/admin/").content.decode()
    assert "Captured statements over their limit" in overview
    assert "/admin/profiling/capturedstatement/?timeouts=lately" in overview
    CapturedStatement.objects.update(timed_out_at=timezone.now() - timedelta(minutes=61))
    assert timed_out() == (0, True)


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
        execute(f"SET {setting} = '1s'")
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
        done = manage("create_roles", **{variable: "1000", "CAPTURE_EVERY_SECONDS": "3600"})
    assert done.returncode == 1
    [line] = done.stderr.strip().splitlines()
    assert line.startswith("Statement ")
    assert told in line
    assert "docs/operations/slow-queries.md" in line
