"""A backlog of empty jobs through real workers, beside the same by hand."""

from collections.abc import Sequence
from statistics import median

from tqdm import tqdm

from clinical_engine.jobs import rings
from tests.benchmarks.ledger import backlogs, by_hand, sizes
from tests.benchmarks.ledger.databases import as_owner
from tests.benchmarks.ledger.kinds import EMPTY
from tests.benchmarks.results import Metric, measured
from tests.benchmarks.services import running_services, wait

_SETTINGS = {"DJANGO_SETTINGS_MODULE": "tests.benchmarks.settings"}
_DEADLINE_SECONDS = 300


def run() -> list[Metric]:
    """Empty jobs: jobs a second from a backlog until the last has succeeded, by the workers that `make run` starts (two processes
    work off the queue `default`). Beside it two processes that claim and finish batches of 100 by psycopg2 in two UPDATEs and
    two commits and write no attempts: on the same table with the same indexes, and on a bare one (id, kind, state, payload,
    one partial index). Medians of interleaved rounds, of the speeds and of each round's own ratio; the jobs by hand are of a
    kind that no worker knows.
    """
    workers: list[float] = []
    same: list[float] = []
    bare: list[float] = []
    # Without the scheduler: a sweep would ring before the backlog is whole.
    with running_services({"worker", "reruns"}, environment=_SETTINGS, log="throughput.log"):
        _by_workers(min(1_000, sizes.BACKLOG))
        for _ in tqdm(range(sizes.ROUNDS), desc="empty jobs", mininterval=1):
            workers.append(_by_workers(sizes.BACKLOG))
            same.append(_by_hand(sizes.BACKLOG))
            bare.append(_by_hand_in_a_bare_table(sizes.BACKLOG))
    return [
        measured("empty jobs through real workers", median(workers), median(same)),
        measured("empty jobs, speed / by hand on the same table", _ratio(workers, same)),
        measured("by hand on a bare table", median(bare)),
        measured("empty jobs, speed / by hand on a bare table", _ratio(workers, bare)),
    ]


def _ratio(speeds: Sequence[float], references: Sequence[float]) -> float:
    # Round by round: what else the machine does changes from minute to minute, and less within one.
    return median(speed / reference for speed, reference in zip(speeds, references, strict=True))


def _by_workers(number: int) -> float:
    with as_owner() as owner, owner.cursor() as cursor:
        backlogs.fill(owner, EMPTY.name, number)

        def asked(sql: str) -> tuple[object, ...]:
            cursor.execute(sql, [EMPTY.name])
            return tuple(cursor.fetchall()[0])

        cursor.execute("SELECT clock_timestamp()")
        [(start,)] = cursor.fetchall()
        rings.ring(EMPTY.name, EMPTY.queue)
        unfinished = (
            "SELECT EXISTS (SELECT FROM jobs_job WHERE kind = %s AND state IN ('available', 'retryable'))"
            " OR EXISTS (SELECT FROM jobs_job WHERE state = 'running')"
        )
        wait(lambda: not asked(unfinished)[0], _DEADLINE_SECONDS, poll_seconds=0.05)
        cursor.execute(
            "SELECT extract(epoch FROM max(finished_at) - %s)::float, count(*) FILTER (WHERE state = 'succeeded'),"
            " (SELECT count(*) FROM jobs_attempt WHERE outcome = 'succeeded') FROM jobs_job",
            [start],
        )
        [(seconds, succeeded, attempts)] = cursor.fetchall()
    if not succeeded == attempts == number:
        raise RuntimeError(f"Of {number} jobs {succeeded} succeeded, in {attempts} attempts.")
    return number / float(seconds)


def _by_hand(number: int) -> float:
    with as_owner() as owner:
        backlogs.fill(owner, by_hand.KIND, number)
    return number / by_hand.seconds_by_two("ledger", number)


def _by_hand_in_a_bare_table(number: int) -> float:
    with as_owner() as owner:
        backlogs.fill_bare(owner, number)
    return number / by_hand.seconds_by_two("bare", number)
