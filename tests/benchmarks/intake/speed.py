"""Requests of measurements, beside a plain COPY of the rows that they write, and the memory that many of them take."""

import os
import signal
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from io import BytesIO
from statistics import median
from time import perf_counter

import psutil
from tqdm import tqdm

from tests.benchmarks.association.tables import Rows, export
from tests.benchmarks.engine import Engine, running
from tests.benchmarks.intake import sizes
from tests.benchmarks.intake.bodies import Bodies, link_patients
from tests.benchmarks.ledger.backlogs import settle
from tests.benchmarks.ledger.databases import checkpoint
from tests.benchmarks.memory import Growth, children_that_run
from tests.benchmarks.results import Metric, measured, percentile
from tests.benchmarks.services import wait

_DATABASE = "benchmark_intake"
_TABLE = "observations_measurement"
# Requests of a round, by the readings of each.
_REQUESTS = {1_000: 24, 100: 240, 1: 300}
# As many as a process of the web has threads.
_AT_ONCE = 4
_WARM_UP = 2
_MEMORY_BATCH = 1_000
_SETTLED_AFTER = 50
_ACCEPTED = 202


def run() -> list[Metric]:
    """Speed: rows a second that one process of the web, as `make run` starts it but for the second one, takes in by requests with
    1,000, 100 and one reading of linked patients, without workers: one after the other on one connection, and four at once on four,
    as many as the process has threads. Ten readings in a row are of one patient, who all are known and linked. Everything is
    included: authentication, decoding, checks, the rows, the jobs to compute anew, the answers. Beside each a COPY on one
    connection, by the tables' owner, of the very rows that the requests wrote into the table of measurements, with its keys, checks
    and indexes, in as many transactions of as many rows each. All into the empty table. Medians of interleaved rounds, of the
    rounds' rows a second and of each round's own ratio.

    Memory: MB by which all web processes together grew at their peaks while 1,000,000 measurements came in, after the first 50,000.
    """
    with running(_DATABASE, {"web"}) as engine:
        link_patients(engine)
        bodies = Bodies(engine)
        with _one_process():
            metrics = [metric for size in _REQUESTS for metric in _speed(engine, bodies, size)]
        return [*metrics, _memory(engine, bodies)]


@contextmanager
def _one_process() -> Iterator[None]:
    """Only one process of the web answers."""
    answering = children_that_run("gunicorn")
    master = psutil.Process(min(answering, key=lambda child: psutil.Process(child).create_time()))
    usual = len(master.children())
    os.kill(master.pid, signal.SIGTTOU)
    wait(lambda: len(master.children()) == 1, 30)
    yield
    os.kill(master.pid, signal.SIGTTIN)
    wait(lambda: len(master.children()) == usual, 30)


class _Round:
    """Seconds of as many requests, and of a COPY of what they wrote."""

    def __init__(self, engine: Engine, requests: Sequence[bytes], size: int, at_once: int) -> None:
        senders = [_Sender(engine) for _ in range(at_once)]
        shares = [requests[start::at_once] for start in range(at_once)]
        _empty(engine)
        with ThreadPoolExecutor(at_once) as pool:
            started = perf_counter()
            self.each = [took for share in pool.map(_Sender.seconds_of, senders, shares) for took in share]
            self.took = perf_counter() - started
        parts = _parts(engine, size)
        _empty(engine)
        self.each_copy = [_seconds_to_copy(engine, rows) for rows in parts]
        self.rows = size * len(requests)

    @property
    def ratio(self) -> float:
        """The speed of the requests over that of the COPY."""
        return sum(self.each_copy) / self.took


def _speed(engine: Engine, bodies: Bodies, size: int) -> list[Metric]:
    rounds: dict[int, list[_Round]] = {1: [], _AT_ONCE: []}
    for number in tqdm(range(-_WARM_UP, sizes.ROUNDS), desc=f"requests of {size:,}", mininterval=1):
        for at_once, done in rounds.items():
            one = _Round(engine, bodies.several(_REQUESTS[size], size), size, at_once)
            if number >= 0:
                done.append(one)
    metrics = [
        *_metrics_of(f"measurements, {size:,} a request", rounds[1]),
        *_metrics_of(f"measurements, {size:,} a request, four at once", rounds[_AT_ONCE]),
    ]
    if size > 1:
        return metrics
    ours = [took * 1000 for one in rounds[1] for took in one.each]
    raw = [took * 1000 for one in rounds[1] for took in one.each_copy]
    return [
        *metrics,
        measured("a single measurement by API, p50", percentile(ours, 0.5), percentile(raw, 0.5)),
    ]


def _metrics_of(name: str, rounds: Sequence[_Round]) -> list[Metric]:
    return [
        measured(
            f"{name}, rows a second",
            median(one.rows / one.took for one in rounds),
            median(one.rows / sum(one.each_copy) for one in rounds),
        ),
        measured(f"{name}, speed / COPY of the same rows", median(one.ratio for one in rounds)),
    ]


class _Sender:
    """Sends measurements on one connection."""

    def __init__(self, engine: Engine) -> None:
        self._connection = engine.connection()
        self._headers = {"Authorization": f"Bearer {engine.caller.key}", "Content-Type": "application/json"}

    def seconds_of(self, bodies: Sequence[bytes]) -> list[float]:
        """The same for each of several, one after the other."""
        return [self.seconds(body) for body in bodies]

    def seconds(self, body: bytes) -> float:
        """Seconds until the answer has been read. Raises RuntimeError unless every reading was stored."""
        started = perf_counter()
        self._connection.request("POST", "/api/v1/measurements", body, self._headers)
        response = self._connection.getresponse()
        response.read()
        took = perf_counter() - started
        if response.status != _ACCEPTED:
            raise RuntimeError(f"The answer was {response.status}.")
        return took


def _empty(engine: Engine) -> None:
    with engine.owner.cursor() as cursor:
        cursor.execute(f"TRUNCATE {_TABLE}, jobs_job, jobs_attempt CASCADE")
    settle(engine.owner, _TABLE, "jobs_job")
    checkpoint()


def _parts(engine: Engine, size: int) -> Sequence[bytes]:
    """The rows that were written, in their order, as many in each part as a request had."""
    rows: Rows = export(engine.owner, engine.folder, [_TABLE])
    lines = rows[_TABLE].read_bytes().splitlines(keepends=True)
    if len(lines) != size * _REQUESTS[size]:
        raise RuntimeError(f"The requests wrote {len(lines)} measurements.")
    return [b"".join(lines[start : start + size]) for start in range(0, len(lines), size)]


def _seconds_to_copy(engine: Engine, rows: bytes) -> float:
    started = perf_counter()
    with engine.owner.cursor() as cursor:
        cursor.copy_expert(f"COPY {_TABLE} FROM STDIN", BytesIO(rows))
    return perf_counter() - started


def _memory(engine: Engine, bodies: Bodies) -> Metric:
    _empty(engine)
    sender = _Sender(engine)
    growth: Growth | None = None
    for number in tqdm(range(sizes.MEMORY // _MEMORY_BATCH), desc="memory", mininterval=1):
        if number == _SETTLED_AFTER:
            growth = Growth(children_that_run("gunicorn"))
        sender.seconds(bodies.next(_MEMORY_BATCH))
    if growth is None:
        raise RuntimeError("Too few requests to see memory grow.")
    return measured("growth of the web processes over 1,000,000 measurements", growth.megabytes())
