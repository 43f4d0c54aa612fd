"""Fixtures of all tests. The database is provisioned by tests/servers.py and used as the app's role."""

import os
from collections.abc import Callable, Iterator

import pytest
from django.conf import settings
from django.db import connection, transaction
from django.test import Client
from hypothesis import settings as hypothesis
from pytest_django import DjangoDbBlocker
from zeal import zeal_context

from clinical_engine.common.database import execute, fetch_all
from clinical_engine.jobs import worker
from clinical_engine.jobs.registry import kinds
from clinical_engine.profiling.capture import writing
from observations.scripts.library import GLUCOSE_7D
from observations.scripts.library.installing import install_library
from tests import factories
from tests.n_plus_one import place_of_query

# No example has to be quick: that is the machine's affair.
hypothesis.register_profile("engine", deadline=None)
hypothesis.load_profile("engine")

# Filled by migrations; emptying them would leave later tests without.
_KEPT = {
    "django_migrations",
    "django_content_type",
    "auth_permission",
    "observations_code",
    "observations_codeunit",
    "observations_codeanswer",
    "observations_codepart",
    "observations_cataloguestate",
}


def pytest_sessionstart() -> None:
    # A process that a test starts writes down what its statements cost only where the test says so: what is left is written when
    # it ends, which may be after the database was emptied.
    os.environ["CAPTURE_EVERY_SECONDS"] = "0"


def pytest_sessionfinish() -> None:
    # While the database is there: what was counted is written at the end of the process.
    writing.end()


@pytest.fixture(scope="session")
def django_db_setup() -> None:
    """The test database exists, migrated, before Django starts."""


@pytest.fixture(autouse=True)
def no_query_per_row(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A query that the engine sends for one row after another raises where it is sent."""
    monkeypatch.setattr("zeal.listeners.get_caller", place_of_query)
    with zeal_context():
        yield


@pytest.fixture
def committed_db(django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """A database in which commits are real, for other connections and processes to see; emptied afterwards."""
    with django_db_blocker.unblock():
        yield
        empty_database()
        connection.close()


def empty_database() -> None:
    tables = fetch_all("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    names = ", ".join(f'"{name}"' for (name,) in tables if name not in _KEPT)
    with transaction.atomic():
        # What a process that was killed had begun may go on for a while at the server.
        execute("SET LOCAL lock_timeout = '60s'; SET LOCAL statement_timeout = '60s'")
        execute(f"TRUNCATE {names} CASCADE")


@pytest.fixture
def work() -> Callable[[], int]:
    """Works off everything that is due now, in this process; the number of jobs claimed."""

    def work_off() -> int:
        done = 0
        while claimed := sum(
            worker.work(kind.name, queue, suspects=suspects)
            for kind in kinds()
            for queue in settings.JOB_QUEUES
            for suspects in (False, True)
        ):
            done += claimed
        return done

    return work_off


@pytest.fixture
def caller(db: None) -> factories.Caller:
    return factories.caller()


@pytest.fixture
def api(caller: factories.Caller) -> Client:
    """An HTTP client that sends the caller's key."""
    return Client(headers={"Authorization": f"Bearer {caller.key}"})


@pytest.fixture
def scripts(db: None) -> None:
    """The library's scripts, published."""
    install_library(scripts=[GLUCOSE_7D])
