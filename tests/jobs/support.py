"""What several tests of the ledger need: jobs of kinds made for a test, and other connections than ours."""

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, contextmanager
from typing import Any, Protocol, TypeVar
from uuid import UUID

import msgspec
import psycopg2
from django.db import connection

from clinical_engine.common.database import array_literal, execute
from clinical_engine.common.identifiers import new_id
from clinical_engine.jobs import ledger, worker
from clinical_engine.jobs.models import Attempt, Job
from clinical_engine.jobs.registry import RERUNS_QUEUE, ClaimedJob, Handler, JobKind
from clinical_engine.running.processes import wait_until

Result = TypeVar("Result")


class Numbered(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The payload of jobs in these tests."""

    number: int = 0


class RegisterKind(Protocol):
    """Makes a job kind known for one test."""

    def __call__(self, handler: Handler, **options: object) -> JobKind: ...


def succeed(batch: Sequence[ClaimedJob]) -> None:
    """A handler that has nothing to do."""


def enqueue(kind: JobKind, *numbers: int) -> list[UUID]:
    """Jobs with these numbers, all due now; their ids."""
    jobs = [ledger.NewJob({"number": number}) for number in numbers]
    ledger.enqueue(kind.name, jobs)
    return [job.id for job in jobs]


def claim(
    kind: JobKind, *, token: UUID | None = None, queue: str = "", suspects: bool = False
) -> list[ledger.Stored]:
    lease = ledger.Lease(token or new_id(), "worker:1")
    return ledger.claim(kind, queue or kind.queue, lease, suspects=suspects)


def work(kind: JobKind, *, suspects: bool = False) -> int:
    """Work off what is due in every queue: what is new, then what is tried a second time."""
    return sum(
        worker.work(kind.name, queue, suspects=suspects)
        for queue in dict.fromkeys((kind.queue, RERUNS_QUEUE))
    )


def make_due(*job_ids: UUID) -> None:
    """Let the time pass for which jobs wait."""
    execute(
        "UPDATE jobs_job SET next_run_at = clock_timestamp() WHERE id = ANY(%s::uuid[])",
        [array_literal(job_ids)],
    )


def lose_worker(*job_ids: UUID) -> None:
    """Let the time pass after which a worker that holds these jobs counts as lost."""
    execute(
        "UPDATE jobs_job SET lease_expires_at = clock_timestamp() - interval '1 second' WHERE id = ANY(%s::uuid[])",
        [array_literal(job_ids)],
    )


def job_of(job_id: UUID) -> Job:
    return Job.objects.get(pk=job_id)


def states_of(job_ids: Sequence[UUID]) -> list[str]:
    """The jobs' states, in the order of the ids."""
    states = dict(Job.objects.filter(pk__in=job_ids).values_list("id", "state"))
    return [states[job_id] for job_id in job_ids]


def attempts_of(job_id: UUID) -> list[Attempt]:
    return list(Attempt.objects.filter(job_id=job_id).order_by("number"))


@contextmanager
def other_connection() -> Iterator[Any]:
    """A cursor of a connection of its own, in a transaction that is rolled back at the end."""
    with closing(psycopg2.connect(os.environ["DATABASE_URL"])) as other, other.cursor() as cursor:
        yield cursor
        other.rollback()


@contextmanager
def elsewhere(function: Callable[[], Result]) -> Iterator[Future[Result]]:
    """The future result of a function that runs in another thread, on a connection of its own."""

    def run() -> Result:
        try:
            return function()
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as threads:
        yield threads.submit(run)


def wait_for_a_lock_to_be_waited_for() -> None:
    """Return when some connection waits for a lock that another one holds."""
    with closing(psycopg2.connect(os.environ["DATABASE_URL"])) as other, other.cursor() as cursor:
        # Within one transaction the view shows the same moment again and again.
        other.autocommit = True

        def somebody_waits() -> bool:
            cursor.execute("SELECT EXISTS (SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock')")
            return bool(cursor.fetchall()[0][0])

        assert wait_until(somebody_waits, seconds=60)
