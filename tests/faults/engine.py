"""The engine under fire: its processes, and a supervisor that starts again what ended."""

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import redis
import requests

from clinical_engine.running.checks import HOST
from clinical_engine.running.processes import kill_all, session_of, wait_until
from tests.faults.histories import World
from tests.faults.outcome import asking
from tests.faults.servers import Servers
from tests.ports import free_port
from tests.workers import EngineProcess, running_scheduler, running_web_at, running_worker

PROCESSES = ("web", "worker", "reruns", "scheduler")
Launch = Callable[..., AbstractContextManager[EngineProcess]]
_LAUNCH: dict[str, Launch] = {
    "web": partial(running_web_at, threads=4),
    # As services.py has them.
    "worker": partial(running_worker, queues="default,sweeps", concurrency=2),
    "reruns": partial(running_worker, queues="reruns,sweeps"),
    "everything": partial(running_worker, queues="default,reruns,sweeps", concurrency=2),
    "scheduler": running_scheduler,
}


@dataclass(frozen=True)
class _Started:
    process: EngineProcess
    ending: ExitStack
    environment: Mapping[str, str]


class Engine:
    """Web, workers and scheduler as `make run` has them, on servers of ours. As a context manager started and ended."""

    def __init__(self, servers: Servers, logs: Path, environment: Mapping[str, str]) -> None:
        self.servers = servers
        self.restarts = 0
        """How many processes ended by themselves and were started again."""
        self.ask = asking(servers.environment["DATABASE_URL"])
        self._logs, self._environment = logs, {**servers.environment, **environment}
        self._number = count(1)
        self._ports: dict[str, int] = {}
        self._started: dict[str, _Started] = {}
        # What a killed process left running; it may work on, as under many a supervisor.
        self._orphans = ExitStack()

    def __enter__(self) -> Self:
        try:
            self.start(*PROCESSES)
        except BaseException:
            self._kill_all()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._kill_all()

    def start(self, *names: str, **environment: str) -> None:
        """Start processes and wait until they work; 'web-new' is another 'web'. `environment` is what differs for them."""
        self.launch(*names, **environment)
        for name in names:
            self.process(name).await_start()

    def launch(self, *names: str, **environment: str) -> None:
        """Start processes, and wait for none of them."""
        for name in names:
            kind = name.partition("-")[0]
            log = self._logs / f"{name}-{next(self._number)}.log"
            variables = {**self._environment, **environment}
            if kind == "web":
                # The address outlives the process: clients go on knocking at it.
                port = self._ports.setdefault(name, free_port())
                launched = _LAUNCH[kind](port, log, environment=variables | _IN_WEB, awaited=False)
            else:
                launched = _LAUNCH[kind](log, environment=variables, awaited=False)
            with ExitStack() as stack:
                process = stack.enter_context(launched)
                self._started[name] = _Started(process, stack.pop_all(), environment)

    def end(self, *names: str) -> None:
        """Ask processes to end in order, and wait until they have."""
        with ThreadPoolExecutor() as threads:
            list(threads.map(lambda name: self._started.pop(name).ending.close(), names))

    def kill(self, *names: str) -> None:
        """SIGKILL processes with all their children. Nobody starts others."""
        for name in names:
            started = self._started.pop(name)
            kill_all(session_of(started.process.process.pid))
            started.ending.close()

    def crash(self, name: str) -> None:
        """SIGKILL a process with all its children, as when its container goes. The supervisor starts another one."""
        environment = self._started[name].environment
        self.kill(name)
        self.launch(name, **environment)

    def crash_main(self, name: str) -> None:
        """SIGKILL the main process of a worker; its children may live on. The supervisor starts another one."""
        process = self.process(name).process
        process.kill()
        process.wait()
        self._launch_again(name)

    def end_orphans(self) -> None:
        """End what killed processes left running."""
        self._orphans.close()

    def supervise(self) -> None:
        """Start again whatever ended by itself."""
        for name, started in list(self._started.items()):
            if started.process.process.poll() is not None:
                self.restarts += 1
                self._launch_again(name)

    def wait(self, condition: Callable[[], bool], seconds: float) -> bool:
        """Whether the condition became true in that time, while the supervisor keeps its eyes open."""

        def look() -> bool:
            self.supervise()
            return condition()

        return wait_until(look, seconds=seconds)

    def process(self, name: str) -> EngineProcess:
        """The process of that name as it runs now."""
        return self._started[name].process

    def address(self, name: str = "web") -> str:
        """Where a web process is reached."""
        return f"http://{HOST}:{self._ports[name]}"

    def make_world(self) -> World:
        """An organisation that nobody else uses."""
        made = _post(f"{self.address()}/faults/worlds", {})
        return World(made["organisation"], (made["submitters"][0], made["submitters"][1]), made["key"])

    def enqueue(self, world: World, kind: str, payloads: list[dict[str, Any]], web: str = "web") -> list[str]:
        """Have jobs of one of the suite's kinds written by a web process; their ids."""
        body = {"organisation": world.organisation, "kind": kind, "payloads": payloads}
        ids: list[str] = _post(f"{self.address(web)}/faults/jobs", body)["jobs"]
        return ids

    @contextmanager
    def broker(self) -> Iterator["redis.Redis"]:
        """A client of the engine's Redis."""
        with closing(redis.Redis.from_url(self.servers.redis.url())) as client:
            yield client

    def _launch_again(self, name: str) -> None:
        started = self._started.pop(name)
        self._orphans.push(started.ending)
        self.launch(name, **started.environment)

    def _kill_all(self) -> None:
        # There is nothing left to save: an orderly end would take its seconds.
        with self._orphans, ExitStack() as ending:
            for name in list(self._started):
                ending.callback(self.kill, name)


_IN_WEB = {"CLINICAL_ENGINE_PROCESS": "web"}


def _post(url: str, body: dict[str, Any]) -> Any:
    answer = requests.post(url, json=body, timeout=30)
    answer.raise_for_status()
    return answer.json()
