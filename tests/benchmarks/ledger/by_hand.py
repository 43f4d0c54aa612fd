"""Claiming and finishing batches of 100 by hand in psycopg2: two UPDATEs and two commits for each, and nothing else.

`python -m tests.benchmarks.ledger.by_hand NAME` is one worker that does it: it says 'ready', waits for a line, works until
nothing is left, and says when it began and ended and how many jobs it did, as JSON. It imports nothing of the engine.
"""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from time import monotonic
from uuid import UUID, uuid4

import psycopg2
from psycopg2.extensions import cursor as Cursor  # noqa: N812 - a class, whatever its name says

KIND = "by_hand"
BARE_TABLE = "benchmark_bare_job"


@dataclass(frozen=True)
class Way:
    """The two statements. `claim` takes the lease's token and gives ids first, `finish` takes ids and token."""

    claim: str
    finish: str


def way_of(kind: str) -> Way:
    """The way to work off the jobs of that kind in the ledger's own table, whose constraints want a lease."""
    return Way(
        claim=f"""
            WITH due AS MATERIALIZED (
                SELECT id FROM jobs_job
                WHERE kind = '{kind}' AND queue = 'default' AND state IN ('available', 'retryable')
                      AND next_run_at <= now()
                ORDER BY next_run_at LIMIT 100 FOR UPDATE SKIP LOCKED
            )
            UPDATE jobs_job SET state = 'running', lease_token = %(token)s, lease_expires_at = now() + interval '2 minutes'
            FROM due WHERE jobs_job.id = due.id RETURNING jobs_job.id, payload
            """,
        finish="""
            UPDATE jobs_job SET state = 'succeeded', lease_token = NULL, lease_expires_at = NULL, finished_at = now()
            WHERE id = ANY(%(ids)s::uuid[]) AND lease_token = %(token)s
            """,
    )


WAYS = {
    "ledger": way_of(KIND),
    # The least that a table of jobs can be: (id, kind, state, payload) and one partial index.
    "bare": Way(
        claim=f"""
            WITH due AS MATERIALIZED (
                SELECT id FROM {BARE_TABLE} WHERE kind = '{KIND}' AND state = 'available'
                ORDER BY id LIMIT 100 FOR UPDATE SKIP LOCKED
            )
            UPDATE {BARE_TABLE} job SET state = 'running' FROM due WHERE job.id = due.id RETURNING job.id, payload
            """,
        finish=f"UPDATE {BARE_TABLE} SET state = 'succeeded' WHERE id = ANY(%(ids)s::bigint[])",
    ),
}


def claim(cursor: Cursor, way: Way, token: UUID) -> list[str]:
    """Claim a batch; the ids. The caller commits."""
    cursor.execute(way.claim, {"token": str(token)})
    return [str(row[0]) for row in cursor.fetchall()]


def finish(cursor: Cursor, way: Way, token: UUID, ids: Sequence[str]) -> None:
    """Finish what was claimed. The caller commits. Raises RuntimeError when somebody else has a job of it."""
    cursor.execute(way.finish, {"ids": "{" + ",".join(ids) + "}", "token": str(token)})
    if cursor.rowcount != len(ids):
        raise RuntimeError("A job was claimed twice.")


def seconds_by_two(name: str, jobs: int) -> float:
    """Seconds in which two processes work off a backlog of `jobs`. Raises RuntimeError when they did another number."""
    command = [sys.executable, "-m", __name__, name]
    with ExitStack() as stack:
        workers = [stack.enter_context(_piped(command)) for _ in range(2)]
        pipes = [(worker.stdin, worker.stdout) for worker in workers if worker.stdin and worker.stdout]
        for _, output in pipes:
            output.readline()
        for orders, _ in pipes:
            orders.write("go\n")
        reports = [json.loads(output.readline()) for _, output in pipes]
    if sum(report["jobs"] for report in reports) != jobs:
        raise RuntimeError("By hand the backlog was not worked off once.")
    return float(max(report["end"] for report in reports) - min(report["start"] for report in reports))


def _piped(command: list[str]) -> "subprocess.Popen[str]":
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1)


def _work_off(way: Way) -> dict[str, float]:
    with closing(psycopg2.connect(os.environ["DATABASE_URL"])) as connection, connection.cursor() as cursor:
        print("ready", flush=True)
        sys.stdin.readline()
        start, jobs = monotonic(), 0
        while True:
            token = uuid4()
            ids = claim(cursor, way, token)
            connection.commit()
            if not ids:
                return {"start": start, "end": monotonic(), "jobs": jobs}
            finish(cursor, way, token, ids)
            connection.commit()
            jobs += len(ids)


if __name__ == "__main__":
    print(json.dumps(_work_off(WAYS[sys.argv[1]])), flush=True)
