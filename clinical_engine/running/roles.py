"""The database's two roles and what each may do."""

from contextlib import closing

import psycopg2
from psycopg2 import sql

OWNER = "clinical_engine_owner"
APP = "clinical_engine_app"

# jit=off: compiling one bulk statement took 95 of its 99 seconds. The app's limits end a statement before the
# lease of its job ends.
ROLE_SETTINGS = {
    OWNER: {"jit": "off"},
    APP: {
        "jit": "off",
        "statement_timeout": "30s",
        "lock_timeout": "5s",
        "idle_in_transaction_session_timeout": "60s",
    },
}
TABLE_PRIVILEGES = ("SELECT", "INSERT", "UPDATE", "DELETE")


def provision(admin_url: str, database: str, *, fresh: bool = False, truncate: bool = False) -> None:
    """Make `database` exist, owned by the owner and usable by the app role; again changes nothing.

    `admin_url` connects a superuser to the maintenance database `postgres`. `fresh` drops what was there.
    `truncate` lets the app role empty tables, which only a test database should.
    """
    with closing(psycopg2.connect(admin_url)) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            for role, settings in ROLE_SETTINGS.items():
                _provision_role(cursor, role, settings)
            _provision_database(cursor, database, fresh=fresh)
    # libpq lets a later keyword win over the URL's own.
    with (
        closing(psycopg2.connect(admin_url, dbname=database)) as connection,
        connection,
        connection.cursor() as cursor,
    ):
        _provision_schema(cursor, database, (*TABLE_PRIVILEGES, "TRUNCATE") if truncate else TABLE_PRIVILEGES)


def _provision_role(cursor: "psycopg2.extensions.cursor", role: str, settings: dict[str, str]) -> None:
    name = sql.Identifier(role)
    cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role])
    if cursor.fetchone() is None:
        cursor.execute(sql.SQL("CREATE ROLE {}").format(name))
    cursor.execute(
        sql.SQL("ALTER ROLE {} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION").format(name)
    )
    for setting, value in settings.items():
        statement = sql.SQL("ALTER ROLE {} SET {} = {}")
        cursor.execute(statement.format(name, sql.Identifier(setting), sql.Literal(value)))


def _provision_database(cursor: "psycopg2.extensions.cursor", database: str, *, fresh: bool) -> None:
    name = sql.Identifier(database)
    if fresh:
        cursor.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(name))
    cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [database])
    if cursor.fetchone() is None:
        cursor.execute(
            sql.SQL("CREATE DATABASE {} OWNER {} TEMPLATE template0").format(name, sql.Identifier(OWNER))
        )


def _provision_schema(
    cursor: "psycopg2.extensions.cursor", database: str, privileges: tuple[str, ...]
) -> None:
    names = {
        "database": sql.Identifier(database),
        "owner": sql.Identifier(OWNER),
        "app": sql.Identifier(APP),
        "privileges": sql.SQL(", ").join(map(sql.SQL, privileges)),
    }
    for statement in (
        "REVOKE ALL ON DATABASE {database} FROM PUBLIC",
        "GRANT CONNECT, TEMPORARY ON DATABASE {database} TO {app}",
        "ALTER SCHEMA public OWNER TO {owner}",
        "REVOKE ALL ON SCHEMA public FROM PUBLIC",
        "GRANT USAGE ON SCHEMA public TO {app}",
        "ALTER DEFAULT PRIVILEGES FOR ROLE {owner} IN SCHEMA public GRANT {privileges} ON TABLES TO {app}",
        "ALTER DEFAULT PRIVILEGES FOR ROLE {owner} IN SCHEMA public GRANT USAGE, SELECT ON SEQUENCES TO {app}",
    ):
        cursor.execute(sql.SQL(statement).format(**names))
