"""Whether a claim costs the same beside a long history."""

import os
from contextlib import ExitStack, closing
from random import sample
from statistics import median
from time import perf_counter
from uuid import uuid4

from django.db import transaction
from psycopg2.extensions import connection as Connection  # noqa: N812 - a class, whatever its name says
from tqdm import tqdm

from clinical_engine.common.identifiers import new_id
from clinical_engine.jobs import ledger
from tests.benchmarks.ledger import by_hand, histories, sizes
from tests.benchmarks.ledger.databases import connect, working_on
from tests.benchmarks.ledger.kinds import EMPTY
from tests.benchmarks.results import Metric, measured

_LONG = {
    histories.FINISHED: "claim with 5,000,000 finished jobs, cost / with 10,000",
    histories.DEAD: "claim with 1,000,000 dead jobs, cost / with 10,000 finished",
}


def run() -> list[Metric]:
    """Claims: milliseconds of the engine's own claim of 100 due jobs, its commit included, with 10,000 finished jobs in the
    table; and how many times that it takes in databases of the same server with 5,000,000 finished and with 1,000,000 dead
    ones. Beside it the claim by hand in the same tables. Medians; each round claims and ends a batch in each database,
    in an order that changes.
    """
    histories.build()
    databases = (histories.SHORT, *_LONG)
    series: dict[str, list[float]] = {database: [] for database in databases}
    raw: dict[str, list[float]] = {database: [] for database in databases}
    with ExitStack() as stack:
        url = os.environ["DATABASE_URL"]
        connections = {name: stack.enter_context(closing(connect(url, name))) for name in databases}
        for number in tqdm(range(histories.BATCHES_DUE), desc="claims", mininterval=1):
            for database in sample(databases, len(databases)):
                figures = _by_the_engine(database), _by_hand(connections[database])
                if number >= histories.BATCHES_DUE - sizes.CLAIMS:
                    series[database].append(figures[0])
                    raw[database].append(figures[1])
    short = median(series[histories.SHORT]), median(raw[histories.SHORT])
    return [
        measured("claim of 100 jobs with 10,000 finished ones", *short),
        *(
            measured(name, median(series[database]) / short[0], median(raw[database]) / short[1])
            for database, name in _LONG.items()
        ),
    ]


def _by_the_engine(database: str) -> float:
    with working_on(database):
        lease = ledger.Lease(new_id(), "benchmark")
        started = perf_counter()
        batch = ledger.claim(EMPTY, EMPTY.queue, lease)
        took = perf_counter() - started
        _expect(len(batch))
        with transaction.atomic():
            ledger.end(lease.token, [ledger.Ending.succeeded(job.id) for job in batch])
    return took * 1000


def _by_hand(connection: Connection) -> float:
    token = uuid4()
    with connection.cursor() as cursor:
        started = perf_counter()
        ids = by_hand.claim(cursor, by_hand.WAYS["ledger"], token)
        took = perf_counter() - started
        _expect(len(ids))
        by_hand.finish(cursor, by_hand.WAYS["ledger"], token, ids)
    return took * 1000


def _expect(claimed: int) -> None:
    if claimed != EMPTY.batch_size:
        raise RuntimeError(f"{claimed} jobs were claimed: another cost than that of a whole batch.")
