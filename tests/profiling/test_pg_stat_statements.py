"""What the server counted is found by fingerprint, where the server counts and lets us read it.

The embedded server has no pg_stat_statements; tables of the same columns stand for it here.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from clinical_engine.common.database import execute
from clinical_engine.profiling import pg_stat_statements
from clinical_engine.profiling.fingerprints import shape_of
from clinical_engine.profiling.pg_stat_statements import ServerFigures, figures_of

pytestmark = pytest.mark.django_db
RESET = datetime(2026, 3, 1, tzinfo=UTC)
SHAPE = shape_of("SELECT id FROM patients_patient WHERE id IN (%s) AND organisation_id = %s")


@pytest.fixture(autouse=True)
def _asked_anew() -> Iterator[None]:
    pg_stat_statements.forget()
    yield
    pg_stat_statements.forget()


@pytest.fixture
def counting_server() -> None:
    execute("""
        CREATE TEMPORARY TABLE pg_stat_statements (
            userid oid, dbid oid, queryid bigint, query text, calls bigint, total_exec_time double precision, rows bigint,
            shared_blks_hit bigint, shared_blks_read bigint)
    """)
    execute("CREATE TEMPORARY TABLE pg_stat_statements_info (dealloc bigint, stats_reset timestamptz)")
    execute("INSERT INTO pg_stat_statements_info VALUES (0, %s)", [RESET])


def counted(query: str, *, calls: int = 1, database: str = "current_database()") -> None:
    execute(
        f"""INSERT INTO pg_stat_statements (dbid, query, calls, total_exec_time, rows, shared_blks_hit, shared_blks_read)
            SELECT oid, %s, %s, 1500, 3, 40, 2 FROM pg_database WHERE datname = {database}""",
        [query, calls],
    )


def figures() -> ServerFigures | None:
    return figures_of(SHAPE.fingerprint, SHAPE.text)


@pytest.mark.usefixtures("counting_server")
def test_all_texts_of_a_statement_are_added_up() -> None:
    counted("SELECT id FROM patients_patient WHERE id IN ($1,$2) AND organisation_id = $3::uuid", calls=10)
    counted("SELECT id FROM patients_patient WHERE id IN ($1 /*, ... */) AND organisation_id = $2", calls=5)
    counted("SELECT id FROM patients_patient WHERE id IN ($1) AND organisation_id > $2", calls=7)
    counted(
        "SELECT id FROM patients_patient WHERE id IN ($1) AND organisation_id = $2",
        calls=7,
        database="'postgres'",
    )
    assert figures() == ServerFigures(RESET, 15, timedelta(seconds=3), 6, 80, 4)


@pytest.mark.usefixtures("counting_server")
def test_the_mean_is_that_of_all_executions() -> None:
    counted(SHAPE.text, calls=100)
    found = figures()
    assert found
    assert found.mean == timedelta(milliseconds=15)


@pytest.mark.usefixtures("counting_server")
def test_a_statement_that_the_server_has_not_seen_has_no_executions() -> None:
    counted("SELECT 1")
    assert figures() == ServerFigures(RESET, 0, timedelta(0), 0, 0, 0)


@pytest.mark.usefixtures("counting_server")
def test_a_newer_server_says_of_each_text_since_when_it_counts() -> None:
    execute("ALTER TABLE pg_stat_statements ADD stats_since timestamptz DEFAULT '2026-04-02 03:00+00'")
    counted(SHAPE.text)
    found = figures()
    assert found
    assert found.since == datetime(2026, 4, 2, 3, tzinfo=UTC)


def test_a_server_without_is_asked_once() -> None:
    assert figures() is None
    with CaptureQueriesContext(connection) as sent:
        assert figures() is None
    assert not sent.captured_queries


@pytest.mark.usefixtures("counting_server")
def test_a_server_that_does_not_let_us_read_it_leaves_the_transaction_usable() -> None:
    execute("REVOKE ALL ON pg_stat_statements FROM CURRENT_USER")
    assert figures() is None
    assert execute("SELECT 1") == 1
