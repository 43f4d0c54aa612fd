"""Servers for one command or one test run: the whole surroundings of the engine, and their end."""

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from clinical_engine.running.environment import DATABASE, embedded_broker, embedded_database, new_secret
from clinical_engine.running.errors import AlreadyRunningError, CannotRunError
from clinical_engine.running.folders import FolderLock, writable_folder
from clinical_engine.running.manage import migrate
from clinical_engine.running.postgres_server import ADMIN, PostgresServer
from clinical_engine.running.redis_server import RedisServer
from clinical_engine.running.roles import provision

HOMES = 20


@contextmanager
def free_home(base: Path, *, keep: bool) -> Iterator[Path]:
    """`base`, or `base`-2, `base`-3 ... when others use it now; removed afterwards unless `keep`."""
    for number in range(1, HOMES + 1):
        home = base if number == 1 else base.with_name(f"{base.name}-{number}")
        lock = FolderLock(writable_folder(home.parent) / f".{home.name}.lock")
        try:
            lock.acquire("another run")
        except AlreadyRunningError:
            continue
        try:
            yield writable_folder(home)
        finally:
            # Only the first is worth its disk space: it saves the next run the making of a cluster.
            if number > 1 or not keep:
                shutil.rmtree(home, ignore_errors=True)
            lock.release()
        return
    raise CannotRunError(f"{HOMES} runs use {base} and its neighbours already: end some of them.")


@contextmanager
def surroundings(
    home: Path,
    *,
    database: str = DATABASE,
    migrated: bool = True,
    truncate: bool = False,
    postgres_settings: Mapping[str, str] | None = None,
) -> Iterator[dict[str, str]]:
    """Started servers at `home` with a fresh `database`; gives the environment that the engine runs with.

    Without `migrated` the database stays empty. `truncate` and `postgres_settings` are for tests: see
    `roles.provision` and `PostgresServer`.
    """
    with PostgresServer(home, postgres_settings) as postgres, RedisServer(home) as redis:
        provision(postgres.url(ADMIN, "postgres"), database, fresh=True, truncate=truncate)
        environment = {
            "CLINICAL_ENGINE_MODE": "development",
            "SECRET_KEY": new_secret(),
            "VAR_DIR": str(home),
            **embedded_database(postgres, database),
            **embedded_broker(redis),
        }
        if migrated:
            migrate(environment)
        yield environment
