"""Requests of measurements, beside a plain COPY of the rows that they write, and the memory that many of them take."""

from collections.abc import Sequence
from io import BytesIO
from statistics import median
from time import perf_counter

from tqdm import tqdm

from tests.benchmarks.association.tables import Rows, export
from tests.benchmarks.engine import Engine, running
from tests.benchmarks.intake import sizes
from tests.benchmarks.intake.bodies import Bodies, link_patients
from tests.benchmarks.ledger.backlogs import settle
from tests.benchmarks.ledger.databases import checkpoint
from tests.benchmarks.memory import Growth, children_that_run
from tests.benchmarks.results import Metric, measured, percentile

_DATABASE = "benchmark_intake"
_TABLE = "observations_measurement"
# Requests of a round, by the readings of each.
_REQUESTS = {1_000: 10, 100: 50, 1: 300}
_WARM_UP = 2
_MEMORY_BATCH = 1_000
_SETTLED_AFTER = 50
_ACCEPTED = 202


def run() -> list[Metric]:
    """Speed: rows a second of requests with 1,000, 100 and one reading of linked patients, one after the other on one connection to
    the web as `make run` starts it, without workers, so that one of its processes works at a time; ten readings in a row are of
    one patient, who all are known and linked. Everything is included: authentication, decoding, checks, the rows, the jobs to
    compute anew, the answers. Beside it a COPY by the tables' owner of the very rows that the requests wrote into the table of
    measurements, with its keys, checks and indexes, in as many transactions of as many rows each. Both into the empty table.
    Medians of interleaved rounds, of the seconds for a row and of each round's own ratio.

    Memory: MB by which all web processes together grew at their peaks while 1,000,000 measurements came in, after the first 50,000.
    """
    with running(_DATABASE, {"web"}) as engine:
        link_patients(engine)
        bodies = Bodies(engine)
        metrics = [metric for size in _REQUESTS for metric in _speed(engine, bodies, size)]
        return [*metrics, _memory(engine, bodies)]


def _speed(engine: Engine, bodies: Bodies, size: int) -> list[Metric]:
    ours: list[list[float]] = []
    raw: list[list[float]] = []
    for number in tqdm(range(-_WARM_UP, sizes.ROUNDS), desc=f"requests of {size:,}", mininterval=1):
        sent, copied = _round(engine, bodies, size)
        if number >= 0:
            ours.append(sent)
            raw.append(copied)
    name = f"measurements, {size:,} a request"
    ratio = median(sum(copied) / sum(sent) for copied, sent in zip(raw, ours, strict=True))
    rates = [size / median(map(median, each)) for each in (ours, raw)]
    metrics = [
        measured(f"{name}, rows a second", *rates),
        measured(f"{name}, speed / COPY of the same rows", ratio),
    ]
    if size > 1:
        return metrics
    each, each_raw = ([took * 1000 for one in rounds for took in one] for rounds in (ours, raw))
    return [
        *metrics,
        measured("a single measurement by API, p50", percentile(each, 0.5), percentile(each_raw, 0.5)),
    ]


def _round(engine: Engine, bodies: Bodies, size: int) -> tuple[list[float], list[float]]:
    requests = bodies.several(_REQUESTS[size], size)
    _empty(engine)
    sender = _Sender(engine)
    sent = [sender.seconds(body) for body in requests]
    parts = _parts(engine, size)
    _empty(engine)
    return sent, [_seconds_to_copy(engine, rows) for rows in parts]


class _Sender:
    """Sends measurements on one connection."""

    def __init__(self, engine: Engine) -> None:
        self._connection = engine.connection()
        self._headers = {"Authorization": f"Bearer {engine.caller.key}", "Content-Type": "application/json"}

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
