"""Catching the engine in the middle of a batch."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress

import psycopg2

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
    # A batch gives up after half a second of waiting: only one that has just begun is sure to stay a while.
    running = round_.engine.ask(
        """
        SELECT DISTINCT claimed_by FROM jobs_job WHERE organisation_id = %s AND kind = 'associate' AND state = 'running'
            AND claimed_at > clock_timestamp() - interval '200 milliseconds'
        """,
        round_.world.organisation,
    )
    return [int(name.rpartition(":")[2]) for (name,) in running]
