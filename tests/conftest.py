"""Fixtures of all tests. The database is provisioned by tests/servers.py and used as the app's role."""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
import redis
from django.conf import settings
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.db import connection, transaction
from django.test import Client
from hypothesis import settings as hypothesis
from pytest_django import DjangoDbBlocker
from zeal import zeal_context

from clinical_engine.common.database import execute, fetch_all
from clinical_engine.jobs import ledger, worker
from clinical_engine.jobs.registry import kinds
from clinical_engine.profiling.capture import writing
from observations.catalogue import units
from observations.models import Code
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


# Begun late, one of these would keep one process busy while the others have nothing left to do. Any other takes seconds.
LONGEST_FILES = [
    Path(__file__).parent / name
    for name in (
        "running/test_up.py",
        "scaling/test_growth.py",
        "faults/test_scenarios.py",
        "profiling/test_command.py",
        "test_query_budgets.py",
        "patients/rosters/test_reading_streams.py",
        "observations/simulator/test_real_run.py",
        "observations/computing/test_equal_by_construction.py",
        "admin/workbench/test_in_chromium.py",
        "observations/backfill/test_equal_to_live.py",
        "running/test_servers.py",
    )
]


def pytest_configure() -> None:
    # Every test client builds the middleware anew, and every account that a test makes has a password: in this process neither
    # all static files are read for the one, nor is a million times hashed for the other. Processes are as ever, and understand it.
    settings.WHITENOISE_AUTOREFRESH = True
    PBKDF2PasswordHasher.iterations = 1
    # Renewed after ten minutes, a connection would take with it what a test had made for it alone, as a temporary table.
    settings.DATABASES["default"]["CONN_MAX_AGE"] = None


def pytest_sessionstart() -> None:
    # What a shell starts in the background cannot be interrupted, and neither could what a test starts in order to interrupt it.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    # A process that a test starts writes down what its statements cost only where the test says so: what is left is written when
    # it ends, which may be after the database was emptied.
    os.environ["CAPTURE_EVERY_SECONDS"] = "0"


def pytest_sessionfinish() -> None:
    # While the database is there: what was counted is written at the end of the process.
    writing.end()


@pytest.hookimpl(wrapper=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> Iterator[None]:
    """The longest files first, the others as chance has ordered them."""
    by_chance = {item.path: place for place, item in enumerate(items)}
    yield
    # Meanwhile pytest-django has put whatever commits, and with it most that waits for processes, behind all that computes: at
    # the same time they take less.
    longest = {path: place for place, path in enumerate(LONGEST_FILES)}
    items.sort(key=lambda item: (longest.get(item.path, len(longest)), by_chance[item.path]))


@pytest.fixture(scope="session")
def django_db_setup() -> None:
    """The test database exists, migrated, before Django starts."""


@pytest.fixture(scope="session", autouse=True)
def _look_at_what_is_preloaded(django_db_blocker: DjangoDbBlocker) -> None:
    with django_db_blocker.unblock():
        _preloaded.update(Code.objects.values_list("pk", flat=True))
        connection.close()


_preloaded: set[int] = set()


@pytest.fixture(autouse=True)
def no_query_per_row(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A query that the engine sends for one row after another raises where it is sent."""
    monkeypatch.setattr("zeal.listeners.get_caller", place_of_query)
    with zeal_context():
        yield


@pytest.fixture(autouse=True)
def _as_if_a_minute_had_passed() -> None:
    """UCUM may be asked about new units in every test."""
    units._looked_up_at.clear()


@pytest.fixture
def any_unit(monkeypatch: pytest.MonkeyPatch) -> None:
    """UCUM may be asked about as many units as the test likes."""
    monkeypatch.setattr(units, "_A_MINUTE", 0)


@pytest.fixture
def committed_db(django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """A database in which commits are real, for other connections and processes to see; emptied afterwards."""
    with django_db_blocker.unblock():
        yield
        empty_database()
        connection.close()


def empty_database() -> None:
    tables = fetch_all("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    names = [f'"{name}"' for (name,) in tables if name not in _KEPT]
    with transaction.atomic():
        # What a process that was killed had begun may go on for a while at the server.
        execute("SET LOCAL lock_timeout = '60s'; SET LOCAL statement_timeout = '60s'")
        execute(f"LOCK TABLE {', '.join(names)} IN ACCESS EXCLUSIVE MODE")
        # Emptying makes new files of a table and its indexes: not of those that are as new, with neither rows, dead ones included,
        # nor anything that the planner believes of them.
        used = fetch_all(
            "SELECT oid::regclass::text FROM pg_class"
            " WHERE oid = ANY (%s::regclass[]) AND (pg_relation_size(oid) > 0 OR reltuples >= 0)",
            [names],
        )
        if used:
            execute(f"TRUNCATE {', '.join(name for (name,) in used)} CASCADE")
        Code.objects.exclude(pk__in=_preloaded).delete()


@pytest.fixture
def work() -> Callable[[], int]:
    """Works off everything that is due now, in this process; the number of jobs claimed."""

    def work_off() -> int:
        done = 0
        while claimed := sum(
            worker.work(kind, queue, suspects=suspects)
            for kind, queue, suspects in ledger.due_work([kind.name for kind in kinds()], settings.JOB_QUEUES)
        ):
            done += claimed
        return done

    return work_off


@pytest.fixture
def silent_broker() -> None:
    """No ring is left over."""
    with closing(redis.Redis.from_url(settings.REDIS_URL)) as broker:
        broker.flushall()


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
