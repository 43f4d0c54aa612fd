"""Starts PostgreSQL and Redis for the tests, before pytest-django reads the settings (`-p tests.servers`).

The database is fresh and migrated by its owner; the tests connect as the app role, which may also empty tables here.
"""

import atexit
import os
import sys
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from clinical_engine.running.environment import VAR
from clinical_engine.running.errors import CannotRunError
from clinical_engine.running.postgres_server import NOT_DURABLE
from clinical_engine.running.throwaway import free_home, surroundings

DATABASE = "test_clinical_engine"
# What a developer's shell may carry over from `make run`, and what no test must depend on.
FORGOTTEN = (
    "ALLOWED_HOSTS",
    "CSRF_TRUSTED_ORIGINS",
    "RELEASE",
    "DATABASE_OWNER_URL",
    "CLINICAL_ENGINE_PROCESS",
)
# Lets the settings load where nothing is asked of a server.
NOWHERE = {
    "CLINICAL_ENGINE_MODE": "development",
    "SECRET_KEY": "none",
    "VAR_DIR": str(VAR / "test"),
    "DATABASE_URL": "postgres://localhost/none",
    "REDIS_URL": "redis://localhost",
}

_running = ExitStack()


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config, args: list[str]) -> Iterator[None]:
    for name in FORGOTTEN:
        os.environ.pop(name, None)
    if _only_hands_out(early_config):
        os.environ.update(NOWHERE)
    elif not {"--help", "-h", "--version", "-V"} & set(args):
        try:
            _start()
        except CannotRunError as error:
            raise pytest.UsageError(str(error)) from None
    yield


def pytest_unconfigure() -> None:
    _running.close()


def _only_hands_out(config: pytest.Config) -> bool:
    """Whether this process runs no test itself: with `-n` the processes that it starts do, each on servers of its own."""
    return "PYTEST_XDIST_WORKER" not in os.environ and bool(
        getattr(config.known_args_namespace, "numprocesses", None)
    )


def _start() -> None:
    with ExitStack() as starting:
        home = starting.enter_context(free_home(VAR / "test", keep=True))
        sys.stderr.write(f"Starting PostgreSQL and Redis in {home}, and migrating {DATABASE}\n")
        os.environ.update(
            starting.enter_context(
                surroundings(home, database=DATABASE, truncate=True, postgres_settings=NOT_DURABLE)
            )
        )
        # For the errors after which pytest never comes to pytest_unconfigure.
        atexit.register(_running.close)
        # What silk records by chance must not change how many queries a test sees.
        os.environ["PROFILED_SHARE"] = "0"
        # Statements are counted as ever, and written down by tests that want it.
        os.environ["CAPTURE_EVERY_SECONDS"] = "86400"
        _running.push(starting.pop_all())
