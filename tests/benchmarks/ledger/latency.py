"""One job on an idle system: how long from its commit until its handler starts."""

import os
from contextlib import closing
from time import perf_counter, time

from django.db import transaction
from psycopg2.extensions import cursor as Cursor  # noqa: N812 - a class, whatever its name says
from tqdm import tqdm

from clinical_engine.jobs import ledger
from tests.benchmarks.ledger import sizes
from tests.benchmarks.ledger.databases import connect
from tests.benchmarks.ledger.kinds import NOTED, STARTED
from tests.benchmarks.results import Metric, measured, percentile
from tests.benchmarks.services import running_services, wait

_WARM_UP = 10
_SETTINGS = {"DJANGO_SETTINGS_MODULE": "tests.benchmarks.settings"}


def run() -> list[Metric]:
    """Single job: milliseconds on an idle system with workers and scheduler, one job at a time, from the return of its commit to
    the first statement of its handler (by the clocks of client and server, which are one machine's); beside it two committed
    single-row INSERTs by psycopg2, interleaved.
    """
    series: list[float] = []
    raw: list[float] = []
    with (
        running_services({"worker", "reruns", "scheduler"}, environment=_SETTINGS, log="latency.log"),
        closing(connect(os.environ["DATABASE_URL"])) as database,
        database.cursor() as cursor,
    ):
        for number in tqdm(range(_WARM_UP + sizes.SINGLE_JOBS), desc="single jobs", mininterval=1):
            figures = _one_job(cursor), _two_commits(cursor, number)
            if number >= _WARM_UP:
                series.append(figures[0])
                raw.append(figures[1])
    return [
        measured(
            f"single job, commit -> start, p{share}",
            percentile(series, share / 100),
            percentile(raw, share / 100),
        )
        for share in (50, 99)
    ]


def _one_job(cursor: Cursor) -> float:
    job = ledger.NewJob()
    with transaction.atomic():
        ledger.enqueue(NOTED.name, [job])
    committed = time()

    def has_succeeded() -> bool:
        cursor.execute("SELECT FROM jobs_job WHERE id = %s AND state = 'succeeded'", [str(job.id)])
        return cursor.rowcount == 1

    # It asks seldom enough to leave the system idle: what is measured stands in the database.
    wait(has_succeeded, 30, poll_seconds=0.01)
    cursor.execute(
        "SELECT extract(epoch FROM last_run_at)::float FROM jobs_periodicrun WHERE name = %s", [STARTED]
    )
    [(started,)] = cursor.fetchall()
    return (float(started) - committed) * 1000


def _two_commits(cursor: Cursor, number: int) -> float:
    started = perf_counter()
    for part in ("accepted", "done"):
        cursor.execute("INSERT INTO jobs_periodicrun VALUES (%s, now())", [f"raw-{part}-{number}"])
    return (perf_counter() - started) * 1000
