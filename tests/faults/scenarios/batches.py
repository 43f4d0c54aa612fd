"""Catching the engine in the middle of a batch."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress

import psycopg2

from clinical_engine.running.processes import process_of
from tests.faults.rounds import Round


@contextmanager
def batch_held_up(round_: Round) -> Iterator[int]:
    """While the block runs a batch is in its transaction and cannot go on; the id of the process that works on it.

    Its jobs are claimed, its patients locked, nothing of it is committed.
    """
    connection = psycopg2.connect(round_.engine.servers.environment["DATABASE_URL"])
    try:
        with connection.cursor() as cursor:
            cursor.execute("LOCK TABLE patients_association IN SHARE ROW EXCLUSIVE MODE")
            workers: list[int] = []

            def are_seen() -> bool:
                workers.extend(_workers(round_))
                return bool(workers)

            round_.wait(are_seen)
            yield workers[0]
    finally:
        # The server may be gone, which is what some scenarios hold a batch up for.
        with suppress(psycopg2.Error):
            connection.rollback()
        connection.close()


def _workers(round_: Round) -> list[int]:
    """The processes whose batch has just begun to wait for the lock; none while any other works on a batch that needs no lock."""
    running = {
        int(name.rpartition(":")[2]): bool(is_recent)
        for name, is_recent in round_.engine.ask(_RUNNING, round_.world.organisation)
    }
    living = [pid for pid in running if process_of(pid) is not None]
    [[waiting]] = round_.engine.ask(_WAITING)
    return [pid for pid in living if running[pid]] if len(living) <= waiting else []


# A batch gives up after half a second of waiting: only one that has just begun is sure to stay a while.
_RUNNING = """
    SELECT claimed_by, max(claimed_at) > clock_timestamp() - interval '200 milliseconds' FROM jobs_job
    WHERE organisation_id = %s AND kind = 'associate' AND state = 'running' GROUP BY claimed_by
"""
_WAITING = "SELECT count(*) FROM pg_locks WHERE relation = 'patients_association'::regclass AND NOT granted"
