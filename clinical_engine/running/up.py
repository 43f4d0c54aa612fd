"""`up`: the whole engine on this machine, from nothing to ready, and back to nothing."""

import os
import signal
import threading
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

from clinical_engine.running import checks
from clinical_engine.running.environment import (
    DATABASE,
    VAR,
    embedded_broker,
    embedded_database,
    new_secret,
    read_variables,
    write_variables,
)
from clinical_engine.running.errors import CannotRunError
from clinical_engine.running.folders import ENGINE_LOCK, FolderLock, writable_folder
from clinical_engine.running.manage import manage, migrate
from clinical_engine.running.postgres_server import ADMIN, PostgresServer
from clinical_engine.running.progress import Progress
from clinical_engine.running.readiness import await_readiness
from clinical_engine.running.redis_server import RedisServer
from clinical_engine.running.roles import provision
from clinical_engine.running.servers import EmbeddedServer
from clinical_engine.running.services import engine_services
from clinical_engine.running.signals import StopRequested, StopSignals
from clinical_engine.running.summary import summary
from clinical_engine.running.supervisor import Supervisor


def up() -> int:
    """Run the engine until it is asked to stop; the exit code: 0 after a stop that was asked for.

    PORT, VAR_DIR and every variable of settings.py that the environment holds win over ours.
    Raises CannotRunError when the engine cannot start, or when a part of it ended by itself; all else is stopped then.
    """
    port = checks.port_from(os.environ.get("PORT") or checks.DEFAULT_PORT)
    engine = Engine(port, writable_folder(Path(os.environ.get("VAR_DIR") or VAR).resolve()), os.environ)
    with StopSignals() as signals, ExitStack() as stopped_last:
        try:
            engine.start(stopped_last)
            signals.raising = False
            engine.supervise(signals)
        except StopRequested:
            return 128 + int(signals.received or signal.SIGINT)
        finally:
            # Nothing may cut short how the servers end.
            signals.raising = False
            stopped_last.close()
    return 0


class Engine:
    """One run of the engine with its data in `var`, its web at `port`, and `outside` as the caller's environment."""

    def __init__(self, port: int, var: Path, outside: Mapping[str, str]) -> None:
        self.port = port
        self.var = var
        self.outside = outside
        self.credentials = var / "demo-credentials.json"
        self.servers: list[EmbeddedServer] = []
        self.environment: dict[str, str] = {}
        self.progress = Progress()

    def start(self, stack: ExitStack) -> None:
        """Bring up what the engine's processes need; what was started is ended by `stack`, the last first."""
        lock = FolderLock(self.var / ENGINE_LOCK)
        lock.acquire(f"process {os.getpid()} at http://{checks.HOST}:{self.port}/")
        stack.callback(lock.release)
        checks.require_free_port(self.port)
        database = self._database(stack)
        broker = self._broker(stack)
        kept = {
            "CLINICAL_ENGINE_MODE": "development",
            "SECRET_KEY": self._secret(),
            "VAR_DIR": str(self.var),
            "PORT": str(self.port),
        }
        write_variables(self.var / "environment", {**kept, **database, **broker})
        self.environment = {**kept, **self.outside, **database, **broker}
        self._prepare()

    def supervise(self, signals: StopSignals) -> None:
        """Run web, workers and scheduler until a signal came; CannotRunError when one of them ended by itself."""
        supervisor = Supervisor(engine_services(self.port, self.var, self.environment))
        self.progress.say("\nStarting web, workers and scheduler ...")
        with ThreadPoolExecutor(max_workers=1) as pool:
            watch = _Watch(self, signals, pool)
            try:
                reason = supervisor.watch(watch)
                self.progress.say(f"Stopping: {reason}.")
            finally:
                watch.over.set()
                supervisor.stop()
        if signals.received is None:
            raise CannotRunError(f"{reason}; everything else was stopped.")

    def _database(self, stack: ExitStack) -> dict[str, str]:
        url = self.outside.get("DATABASE_URL")
        if url:
            owner_url = self.outside.get("DATABASE_OWNER_URL") or url
            with self.progress.step("Database"):
                checks.require_database("DATABASE_URL", url)
                checks.require_database("DATABASE_OWNER_URL", owner_url)
            return {"DATABASE_URL": url, "DATABASE_OWNER_URL": owner_url}
        postgres = PostgresServer(self.var)
        with self.progress.step("PostgreSQL"):
            self.servers.append(stack.enter_context(postgres))
        with self.progress.step("Roles"):
            provision(postgres.url(ADMIN, "postgres"), DATABASE)
        return embedded_database(postgres)

    def _broker(self, stack: ExitStack) -> dict[str, str]:
        url = self.outside.get("REDIS_URL")
        with self.progress.step("Redis"):
            if url:
                checks.require_broker("REDIS_URL", url)
                return {"REDIS_URL": url}
            redis = RedisServer(self.var)
            self.servers.append(stack.enter_context(redis))
            return embedded_broker(redis)

    def _secret(self) -> str:
        # The one of the last run: a new one would sign everybody out.
        return read_variables(self.var / "environment").get("SECRET_KEY") or new_secret()

    def _prepare(self) -> None:
        with self.progress.step("Migrations"):
            migrate(self.environment)
        if self.environment["CLINICAL_ENGINE_MODE"] == "development":
            with self.progress.step("Demo data"):
                manage(self.environment, "create_demo", "--credentials-file", str(self.credentials))
        else:
            with self.progress.step("Static files"):
                manage(self.environment, "collectstatic", "--no-input")


class _Watch:
    """Called by the supervisor again and again: gives the reason to stop, and announces readiness when it comes."""

    def __init__(self, engine: Engine, signals: StopSignals, pool: ThreadPoolExecutor) -> None:
        self.over = threading.Event()
        self._engine = engine
        self._signals = signals
        self._pool = pool
        self._readiness: Future[None] | None = None
        self._announced = False

    def __call__(self) -> str | None:
        if self._signals.received is not None:
            return f"{self._signals.received.name} received"
        for server in self._engine.servers:
            if not server.is_running:
                return f"the embedded {server.name} ended by itself"
        if not self._announced:
            self._look_for_readiness()
        return None

    def _look_for_readiness(self) -> None:
        # Begun here, when the processes have been forked: a thread of ours must not be in the middle of that.
        if self._readiness is None:
            self._readiness = self._pool.submit(await_readiness, self._engine.port, self.over.is_set)
        elif self._readiness.done():
            self._readiness.result()
            self._announced = True
            self._engine.progress.say(summary(self._engine.port, self._engine.credentials))
