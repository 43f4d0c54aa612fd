"""Reading the payloads that a release will have to read, from a database that its migrations have not reached yet.

Only columns that are named here are read, and those of a later release only where the table has them; nothing is written.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import NamedTuple
from uuid import UUID

from django.db import connection, transaction

from clinical_engine.common.database import execute, fetch_all
from clinical_engine.jobs.states import CLAIMABLE, JobState

_FETCHED_AT_ONCE = 2_000
# One part for each partial index: a single condition over all of them would read every job that was ever done.
_STATES_READ = ((*CLAIMABLE,), (JobState.RUNNING,), (JobState.DEAD,))


class StoredPayload(NamedTuple):
    """A job's payload as JSON, in the format that it was stored in: the last revision where there is one."""

    job_id: UUID
    kind: str
    version: int
    text: str


class NoLedgerError(Exception):
    """The database has no table of jobs."""


@dataclass(frozen=True, slots=True)
class Ledger:
    """The stored payloads as they were at one moment. Usable within `read_only_ledger`."""

    has_revisions: bool

    def count(self) -> int:
        """How many payloads `payloads` will give."""
        counts = (f"(SELECT count(*) FROM jobs_job WHERE {_in(states)})" for states in _STATES_READ)  # noqa: S608 - constants
        return int(fetch_all(f"SELECT {' + '.join(counts)}")[0][0])

    def count_waiting_for_a_person(self) -> int:
        """How many jobs are known to have a payload that nothing reads."""
        return int(
            fetch_all(f"SELECT count(*) FROM jobs_job WHERE {_in((JobState.INVALID_PAYLOAD,))}")[0][0]  # noqa: S608
        )

    def payloads(self) -> Iterator[StoredPayload]:
        """Those of unfinished jobs, and of dead ones, which people run again; in constant memory."""
        payload = "COALESCE(revised_payload, payload)" if self.has_revisions else "payload"
        version = "COALESCE(revised_version, payload_version)" if self.has_revisions else "payload_version"
        parts = (
            f"SELECT id, kind, {version}, {payload}::text FROM jobs_job WHERE {_in(states)}"  # noqa: S608
            for states in _STATES_READ
        )
        with connection.chunked_cursor() as cursor:
            cursor.execute(" UNION ALL ".join(parts))
            while rows := cursor.fetchmany(_FETCHED_AT_ONCE):
                yield from map(StoredPayload._make, rows)


@contextmanager
def read_only_ledger() -> Iterator[Ledger]:
    """The ledger in a transaction that cannot write and sees one moment. Raises NoLedgerError, and the database's errors."""
    with transaction.atomic():
        execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        # Reading a large ledger may take longer than any request, and nothing waits for it.
        execute("SET LOCAL statement_timeout = 0")
        rows = fetch_all(
            "SELECT attname FROM pg_attribute WHERE attrelid = to_regclass('jobs_job') AND attnum > 0 AND NOT attisdropped"
        )
        if not rows:
            raise NoLedgerError
        yield Ledger(has_revisions={"revised_payload", "revised_version"} <= {name for (name,) in rows})


def _in(states: tuple[JobState, ...]) -> str:
    return f"state IN ({', '.join(repr(state.value) for state in states)})"
