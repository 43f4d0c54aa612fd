"""Killing real workers in the middle of their jobs, and what such workers are started with."""

import os
import signal

from clinical_engine.common.database import fetch_all
from clinical_engine.jobs.models import Job
from clinical_engine.running.processes import wait_until
from tests.jobs.support import lose_worker, other_connection
from tests.workers import EngineProcess

# A lease is as long as ever, or a slow machine would lose it without anybody's death; and whoever waits for a lock of the test's
# does so until the test has seen it.
QUICK = {"SWEEP_INTERVAL_SECONDS": "1", "WORKER_LOCK_TIMEOUT_MS": "60000"}


def kill_where_it_writes(worker: EngineProcess, table: str) -> None:
    """Let the worker's only child come to where it has to write to the table, kill it there, and let its lease run out."""
    with other_connection() as cursor:
        cursor.execute(f"LOCK TABLE {table} IN EXCLUSIVE MODE")
        assert wait_until(lambda: _is_waited_for(table), seconds=60)
        held = list(Job.objects.filter(state="running").values_list("pk", flat=True))
        [child] = worker.child_pids()
        os.kill(child, signal.SIGKILL)
        assert wait_until(lambda: _is_replaced(worker, child), seconds=60)
    assert held
    lose_worker(*held)


def _is_waited_for(table: str) -> bool:
    return bool(
        fetch_all("SELECT FROM pg_locks WHERE relation = %s::regclass AND NOT granted", [table]),
    )


def _is_replaced(worker: EngineProcess, child: int) -> bool:
    pids = worker.child_pids()
    return bool(pids) and child not in pids
