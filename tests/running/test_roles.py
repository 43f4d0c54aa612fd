"""The owner migrates, the app works with the rows, and neither can do more."""

import psycopg2
import pytest
from psycopg2 import errors

from clinical_engine.running.postgres_server import ADMIN, PostgresServer
from clinical_engine.running.roles import APP, OWNER, provision
from tests.running.support import rows

DATABASE = "roles"


@pytest.fixture
def database(postgres: PostgresServer) -> PostgresServer:
    """The database of these tests, fresh, with one table of the owner's."""
    provision(postgres.url(ADMIN, "postgres"), DATABASE, fresh=True)
    rows(postgres.url(OWNER, DATABASE), "CREATE TABLE thing (id bigserial PRIMARY KEY, name text)")
    return postgres


def as_app(postgres: PostgresServer, statement: str) -> list[tuple[object, ...]]:
    return rows(postgres.url(APP, DATABASE), statement)


def test_the_app_reads_and_writes_what_the_owner_creates(database: PostgresServer) -> None:
    as_app(database, "INSERT INTO thing (name) VALUES ('one'), ('two')")
    as_app(database, "UPDATE thing SET name = 'three' WHERE name = 'two'")
    as_app(database, "DELETE FROM thing WHERE name = 'one'")
    assert as_app(database, "SELECT id, name FROM thing") == [(2, "three")]


def test_the_app_may_use_temporary_tables(database: PostgresServer) -> None:
    as_app(database, "CREATE TEMPORARY TABLE batch (id bigint)")


@pytest.mark.parametrize(
    "statement",
    [
        "TRUNCATE thing",
        "DROP TABLE thing",
        "ALTER TABLE thing ADD COLUMN more text",
        "CREATE INDEX ON thing (name)",
        "CREATE TABLE other (id bigint)",
        "CREATE SCHEMA other",
        "CREATE ROLE other",
        "CREATE DATABASE other",
        "ALTER ROLE clinical_engine_app SUPERUSER",
        "COPY thing TO PROGRAM 'true'",
    ],
)
def test_the_app_is_refused(database: PostgresServer, statement: str) -> None:
    url = database.url(APP, DATABASE)
    with pytest.raises((errors.InsufficientPrivilege, errors.UndefinedFile)):
        _autocommitted(url, statement)


def test_the_app_owns_nothing_and_is_nothing_special(database: PostgresServer) -> None:
    admin = database.url(ADMIN, DATABASE)
    assert rows(admin, "SELECT 1 FROM pg_shdepend WHERE refobjid = %s::regrole AND deptype = 'o'", APP) == []
    for role in (APP, OWNER):
        attributes = "rolsuper, rolcreatedb, rolcreaterole, rolreplication, rolbypassrls"
        assert rows(admin, f"SELECT {attributes} FROM pg_roles WHERE rolname = %s", role) == [(False,) * 5]


def test_the_owner_owns_database_and_schema(database: PostgresServer) -> None:
    owner = "SELECT datdba::regrole::text FROM pg_database WHERE datname = current_database()"
    assert rows(database.url(APP, DATABASE), owner) == [(OWNER,)]
    schema = "SELECT nspowner::regrole::text FROM pg_namespace WHERE nspname = 'public'"
    assert rows(database.url(APP, DATABASE), schema) == [(OWNER,)]


def test_the_app_has_time_limits_and_neither_role_compiles_statements(database: PostgresServer) -> None:
    for setting, value in {
        "statement_timeout": "30s",
        "lock_timeout": "5s",
        "idle_in_transaction_session_timeout": "1min",
        "jit": "off",
    }.items():
        assert as_app(database, f"SHOW {setting}") == [(value,)]
    assert rows(database.url(OWNER, DATABASE), "SHOW jit") == [("off",)]
    assert rows(database.url(OWNER, DATABASE), "SHOW statement_timeout") == [("0",)]


def test_provisioning_again_keeps_the_rows(database: PostgresServer) -> None:
    as_app(database, "INSERT INTO thing (name) VALUES ('kept')")
    provision(database.url(ADMIN, "postgres"), DATABASE)
    assert as_app(database, "SELECT name FROM thing") == [("kept",)]


def test_only_a_database_for_tests_lets_the_app_empty_tables(postgres: PostgresServer) -> None:
    provision(postgres.url(ADMIN, "postgres"), DATABASE, fresh=True, truncate=True)
    rows(postgres.url(OWNER, DATABASE), "CREATE TABLE thing (id bigserial PRIMARY KEY)")
    as_app(postgres, "INSERT INTO thing DEFAULT VALUES")
    as_app(postgres, "TRUNCATE thing")
    assert as_app(postgres, "SELECT 1 FROM thing") == []


def test_a_stranger_cannot_enter_the_database(database: PostgresServer) -> None:
    admin = database.url(ADMIN, "postgres")
    rows(admin, "DROP ROLE IF EXISTS stranger")
    rows(admin, "CREATE ROLE stranger LOGIN")
    with pytest.raises(psycopg2.OperationalError, match="permission denied"):
        rows(database.url("stranger", DATABASE), "SELECT 1")


def _autocommitted(url: str, statement: str) -> None:
    connection = psycopg2.connect(url)
    connection.autocommit = True
    try:
        connection.cursor().execute(statement)
    finally:
        connection.close()
