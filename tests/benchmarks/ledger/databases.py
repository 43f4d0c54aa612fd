"""More databases on the benchmark's own server, and which of them this process works on."""

import os
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from urllib.parse import quote, urlsplit

import psycopg2
from django.db import connections
from psycopg2.extensions import connection as Connection  # noqa: N812 - a class, whatever its name says

from clinical_engine.running.manage import migrate
from clinical_engine.running.postgres_server import ADMIN
from clinical_engine.running.roles import provision

_DEFAULT = "default"
_URLS = ("DATABASE_URL", "DATABASE_OWNER_URL")


def connect(url: str, database: str | None = None) -> Connection:
    """A connection of plain psycopg2 that commits each statement; to another database of the same server where one is named."""
    connection: Connection = psycopg2.connect(_with(url, database=database) if database else url)
    connection.autocommit = True
    return connection


@contextmanager
def as_owner(database: str | None = None) -> Iterator[Connection]:
    """A connection of the role that owns the tables, without the app's limits."""
    with closing(connect(os.environ["DATABASE_OWNER_URL"], database)) as connection:
        yield connection


def create(database: str) -> None:
    """A fresh, migrated database beside the benchmark's own."""
    provision(_as_admin("postgres"), database, fresh=True)
    migrate(environment_of(database))


def checkpoint() -> None:
    """Have all that was written so far on disk, so that writing it disturbs no measurement."""
    with closing(connect(_as_admin("postgres"))) as connection, connection.cursor() as cursor:
        cursor.execute("CHECKPOINT")


def _as_admin(database: str) -> str:
    return _with(os.environ["DATABASE_URL"], user=ADMIN, database=database)


def environment_of(database: str) -> Mapping[str, str]:
    """What differs from our environment for a process that works on that database."""
    return {name: _with(os.environ[name], database=database) for name in _URLS}


@contextmanager
def working_on(database: str) -> Iterator[None]:
    """Within, everything of ours that asks Django for its connection gets one to that database, with the usual settings.

    The connection is kept: coming back to a database finds it as warm as it was left.
    """
    before = connections[_DEFAULT]
    if database not in connections.databases:
        connections.databases[database] = {**connections.databases[_DEFAULT], "NAME": database}
    connections[_DEFAULT] = connections[database]
    try:
        yield
    finally:
        connections[_DEFAULT] = before


def _with(url: str, *, database: str, user: str | None = None) -> str:
    parts = urlsplit(url)
    netloc = f"{user}@" if user else parts.netloc
    return parts._replace(netloc=netloc, path=f"/{quote(database)}").geturl()
