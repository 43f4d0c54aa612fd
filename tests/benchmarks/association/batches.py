"""A batch of ten thousand activations through the API, beside a plain COPY of the rows that it writes."""

import json
from statistics import median
from time import perf_counter

from tqdm import tqdm

from tests.benchmarks.association import sizes, tables
from tests.benchmarks.association.tables import JOBS, PATIENTS, STATEMENTS
from tests.benchmarks.engine import Engine, running
from tests.benchmarks.results import Metric, measured

_DATABASE = "benchmark_batches"
_WARM_UP = 4


def run() -> list[Metric]:
    """Batches: seconds of one HTTP request with 10,000 activations of patients that were not known, until its answer has been
    read, the web alone running as `make run` starts it. Beside it a COPY, in one transaction by the tables' owner, of the very rows
    that the request wrote (patients, statements, jobs), in their order, into the same tables. Both into empty tables, settled and
    with all on disk. Medians of interleaved rounds, of the seconds and of each round's own ratio.
    """
    ours: list[float] = []
    raw: list[float] = []
    with running(_DATABASE, {"web"}) as engine:
        for number in tqdm(range(-_WARM_UP, sizes.BATCH_ROUNDS), desc="batches", mininterval=1):
            sent, copied = _sent(engine, number), _copied(engine)
            if number >= 0:
                ours.append(sent)
                raw.append(copied)
    name = "batch of 10,000 activations by API"
    ratio = median(copied / sent for copied, sent in zip(raw, ours, strict=True))
    return [
        measured(name, median(ours), median(raw)),
        measured(f"{name}, speed / COPY of what it writes", ratio),
    ]


def _sent(engine: Engine, number: int) -> float:
    body = _body(engine, number)
    tables.empty(engine.owner)
    started = perf_counter()
    engine.post("activations/batch", body)
    return perf_counter() - started


def _copied(engine: Engine) -> float:
    rows = tables.export(engine.owner, engine.folder, (PATIENTS, STATEMENTS, JOBS))
    tables.empty(engine.owner)
    took = tables.seconds_to_copy(engine.owner, rows)
    written = engine.asked("SELECT count(*) FROM patients_statement")
    if written != sizes.BATCH:
        raise RuntimeError(f"The batch wrote {written} statements.")
    return took


def _body(engine: Engine, number: int) -> bytes:
    statements = [
        {
            "client_id": f"batch-{number}-{place:09d}",
            "external_id": f"patient-{number}-{place:09d}",
            "effective_at": f"2026-{1 + place % 9:02d}-{1 + place % 28:02d}T08:00:00+01:00",
        }
        for place in range(sizes.BATCH)
    ]
    body = {"submitter": str(engine.caller.submitter.pk), "statements": statements}
    return json.dumps(body).encode()
