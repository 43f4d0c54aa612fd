"""Two webs on one database, of which one counts what its statements cost and the other does not."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from time import perf_counter

import psutil

from tests.benchmarks.ledger.databases import environment_of
from tests.benchmarks.memory import children_that_run
from tests.benchmarks.services import running_services, wait

_READY_SECONDS = 60
_ANSWER_SECONDS = 60
_ACCEPTED = 202


@dataclass(frozen=True)
class Request:
    """What is sent to a web."""

    method: str
    path: str
    body: bytes | None = None


class Web:
    """A running web, and one connection to it."""

    def __init__(self, port: int, key: str) -> None:
        self._host = f"127.0.0.1:{port}"
        self._headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
        self._connection = HTTPConnection(self._host, timeout=_ANSWER_SECONDS)

    def seconds(self, request: Request) -> float:
        """Seconds until the answer has been read. Raises RuntimeError for a refusal."""
        started = perf_counter()
        self._connection.request(request.method, request.path, request.body, self._headers)
        response = self._connection.getresponse()
        response.read()
        took = perf_counter() - started
        if response.status > _ACCEPTED:
            raise RuntimeError(f"The answer to {request.path} was {response.status}.")
        return took

    def is_ready(self) -> bool:
        """Whether it answers."""
        try:
            self.seconds(Request("GET", "/health/live"))
        except OSError:
            self.hang_up()
            return False
        return True

    def hang_up(self) -> None:
        """Have the next request connect anew: gunicorn ends a connection on which nothing is asked for two seconds."""
        self._connection.close()

    @property
    def process_ids(self) -> list[int]:
        """Its processes."""
        return children_that_run(self._host)

    def cpu_seconds(self) -> float:
        """What its processes have had of processors so far."""
        times = [psutil.Process(process_id).cpu_times() for process_id in self.process_ids]
        return sum(each.user + each.system for each in times)


@contextmanager
def two_webs(database: str, key: str) -> Iterator[tuple[Web, Web]]:
    """One that counts, as in production, and one that does not; both fresh."""
    with _web(database, key, counts_every=15) as with_capture, _web(database, key, counts_every=0) as without:
        yield with_capture, without


@contextmanager
def _web(database: str, key: str, *, counts_every: int) -> Iterator[Web]:
    environment = {
        **environment_of(database),
        "DJANGO_SETTINGS_MODULE": "tests.benchmarks.slow_queries.settings",
        "CAPTURE_EVERY_SECONDS": str(counts_every),
        # As in production.
        "PROFILED_SHARE": "0.01",
        "N_PLUS_ONE_FAILS": "0",
    }
    log = f"{database}-{counts_every}.log"
    with running_services({"web"}, environment=environment, log=log) as port:
        web = Web(port, key)
        wait(web.is_ready, _READY_SECONDS, poll_seconds=0.05)
        yield web


def alternating(
    webs: tuple[Web, Web], number: int, warm_up: int, request: Callable[[], Request]
) -> list[list[float]]:
    """Seconds of so many requests to each of the webs, after some that do not count: A B, B A, A B, B A."""
    took: list[list[float]] = [[], []]
    for web in webs:
        web.hang_up()
    for turn in range(-warm_up, number):
        for place in (0, 1) if turn % 2 else (1, 0):
            seconds = webs[place].seconds(request())
            if turn >= 0:
                took[place].append(seconds)
    return took
