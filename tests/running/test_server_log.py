"""PostgreSQL's own log keeps no value of any statement, whatever goes wrong."""

import os
import signal
import threading
from contextlib import closing
from pathlib import Path

import psycopg2
import pytest

from clinical_engine.running.postgres_server import ADMIN, PostgresServer
from clinical_engine.running.processes import wait_until
from tests.running.support import rows

# A made-up value that stands for what a patient's data would be.
VALUE = "value-of-a-patient-7193"


def log_of(postgres: PostgresServer) -> str:
    return (postgres.home / "log" / "postgres.log").read_text()


@pytest.mark.parametrize(
    "statement",
    [
        f"SELECT '{VALUE}'::date",
        f"INSERT INTO logged VALUES ('{VALUE}')",
        f"INSERT INTO logged VALUES (repeat('{VALUE}', 10))",
        f"SELECT '{VALUE}' FROM nowhere",
        f"DO $$ BEGIN RAISE WARNING '%', '{VALUE}'; RAISE EXCEPTION '%', '{VALUE}'; END $$",
        f"SET statement_timeout = '50ms'; SELECT pg_sleep(5), '{VALUE}'",
    ],
)
def test_a_failing_statement_leaves_no_value_in_the_log(postgres: PostgresServer, statement: str) -> None:
    admin = postgres.url(ADMIN, "postgres")
    rows(admin, "DROP TABLE IF EXISTS logged")
    rows(admin, "CREATE TABLE logged (value varchar(100) PRIMARY KEY)")
    rows(admin, "INSERT INTO logged VALUES (%s)", VALUE)
    with pytest.raises(psycopg2.Error):
        rows(admin, statement)
    assert VALUE not in log_of(postgres)


def test_a_crash_is_logged_without_the_statement_that_ran(tmp_path: Path) -> None:
    with (
        PostgresServer(tmp_path) as postgres,
        closing(psycopg2.connect(postgres.url(ADMIN, "postgres"))) as victim,
    ):
        pid = victim.info.backend_pid
        waiting = threading.Thread(
            target=_run_until_cut_off, args=(victim, f"SELECT pg_sleep(60), '{VALUE}'")
        )
        waiting.start()
        active = "SELECT 1 FROM pg_stat_activity WHERE pid = %s AND state = 'active'"
        assert wait_until(lambda: bool(rows(postgres.url(ADMIN, "postgres"), active, pid)), seconds=60)
        os.kill(pid, signal.SIGKILL)
        waiting.join(timeout=60)
        assert wait_until(lambda: "was terminated by signal 9" in log_of(postgres), seconds=60)
        assert VALUE not in log_of(postgres)


def _run_until_cut_off(connection: "psycopg2.extensions.connection", statement: str) -> None:
    with pytest.raises(psycopg2.OperationalError):
        connection.cursor().execute(statement)
