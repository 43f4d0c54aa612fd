"""What an activation costs its sender while Redis hangs, beside what it costs while Redis works."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from time import perf_counter

import requests

from tests.benchmarks.results import percentile
from tests.faults.engine import Engine
from tests.faults.histories import World
from tests.faults.outcome import is_worked_off
from tests.faults.scenarios.broker import hanging

AT_MOST = 1.1
_WORKERS = ("worker", "reruns")
_SECONDS_TO_CATCH_UP = 120


@dataclass(frozen=True)
class Latency:
    """The 95th percentile of an activation's time, in ms, and the number of activations behind each."""

    normal: float
    hung: float
    each: int

    @property
    def ratio(self) -> float:
        """How many times as long it takes while Redis hangs."""
        return self.hung / self.normal

    @property
    def met(self) -> bool:
        """Whether that is little enough."""
        return self.ratio <= AT_MOST


def measure(engine: Engine, *, blocks: int, size: int) -> Latency:
    """Time activations in blocks, by turns with Redis at work and stopped; the first block of each is left out.

    Without workers, so that both kinds of block have the machine to themselves. All of them must be linked afterwards.
    """
    world = engine.make_world()
    normal: list[float] = []
    hung: list[float] = []
    with _without_workers(engine), requests.Session() as session:
        session.headers["Authorization"] = f"Bearer {world.key}"
        for block in range(blocks + 1):
            first = block * 2 * size
            working = _seconds(engine, session, world, range(first, first + size))
            with hanging(engine):
                waiting = _seconds(engine, session, world, range(first + size, first + 2 * size))
            if block:
                normal += working
                hung += waiting
    assert engine.wait(lambda: is_worked_off(engine.ask, world), _SECONDS_TO_CATCH_UP)
    return Latency(1000 * percentile(normal, 0.95), 1000 * percentile(hung, 0.95), len(normal))


def _seconds(engine: Engine, session: requests.Session, world: World, numbers: range) -> list[float]:
    seconds = []
    for number in numbers:
        body = {
            "client_id": f"s-{number}",
            "submitter": world.submitters[0],
            "external_id": f"p-{number}",
            "effective_at": "2026-03-01T00:00:00Z",
        }
        began = perf_counter()
        answer = session.post(f"{engine.address()}/api/v1/activations", json=body, timeout=30)
        seconds.append(perf_counter() - began)
        answer.raise_for_status()
    return seconds


@contextmanager
def _without_workers(engine: Engine) -> Iterator[None]:
    engine.end(*_WORKERS)
    yield
    engine.start(*_WORKERS)
