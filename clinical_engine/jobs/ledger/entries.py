"""Writing new jobs, in the transaction of the fact that calls for them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from typing import Any
from uuid import UUID

import msgspec

from clinical_engine.common.database import array_literal, execute, fetch_all
from clinical_engine.common.identifiers import new_id
from clinical_engine.common.prepared import Prepared
from clinical_engine.jobs import rings
from clinical_engine.jobs.registry import MAX_PAYLOAD_BYTES, JobKind, kind_of

# A ring takes as long of the interpreter as all that a small request does in it. One is heard for all jobs that came meanwhile.
_APART = timedelta(milliseconds=20)


@dataclass(frozen=True, slots=True)
class NewJob:
    """A job to be written: its payload in the format that the kind writes, and opaque ids for search."""

    payload: Mapping[str, Any] = field(default_factory=dict)
    organisation_id: UUID | None = None
    submitter_id: UUID | None = None
    patient_id: UUID | None = None
    id: UUID = field(default_factory=new_id)


def enqueue(kind_name: str, jobs: Sequence[NewJob]) -> None:
    """Write jobs of one kind in the caller's transaction, and ring once after its commit. One statement for any number.

    Raises ValueError for a payload larger than 64 KB, InvalidPayloadError for one that no worker could read.
    """
    kind = kind_of(kind_name)
    execute(
        """
        INSERT INTO jobs_job (id, kind, queue, payload, payload_version, organisation_id, submitter_id, patient_id)
        SELECT new.id, %s, %s, new.payload::jsonb, %s, new.organisation_id, new.submitter_id, new.patient_id
        FROM unnest(%s::uuid[], %s::text[], %s::uuid[], %s::uuid[], %s::uuid[])
             AS new (id, payload, organisation_id, submitter_id, patient_id)
        """,
        [
            kind.name,
            kind.queue,
            kind.written_version,
            array_literal(job.id for job in jobs),
            array_literal(_encoded(kind, job.payload) for job in jobs),
            array_literal(job.organisation_id for job in jobs),
            array_literal(job.submitter_id for job in jobs),
            array_literal(job.patient_id for job in jobs),
        ],
    )
    rings.ring_on_commit(kind.name, kind.queue)


def _encoded(kind: JobKind, payload: Mapping[str, Any]) -> str:
    text = encode_payload(payload)
    kind.check_written(text)
    return text


def encode_payload(payload: Mapping[str, Any]) -> str:
    """The payload as it is stored. Raises ValueError when it is larger than 64 KB."""
    text = msgspec.json.encode(payload, enc_hook=str)
    if len(text) > MAX_PAYLOAD_BYTES:
        raise ValueError("A job's payload holds ids and parameters, 64 KB at most.")
    return text.decode()


def enqueue_recompute(
    kind_name: str, dirty: Mapping[UUID, datetime], organisation_ids: Mapping[UUID, UUID]
) -> None:
    """Write, for each patient of `dirty`, that everything from that time on must be computed anew.

    A job that still waits takes the earlier of both times.
    """
    given = "SELECT * FROM unnest(%s::uuid[], %s::uuid[], %s::timestamptz[]) AS given (organisation_id, patient_id, since)"
    patients = list(dirty)
    parameters = [
        array_literal(organisation_ids[patient] for patient in patients),
        array_literal(patients),
        array_literal(dirty.values()),
    ]
    write_and_enqueue_recompute(kind_name, given, parameters, len(patients))


def write_and_enqueue_recompute(
    kind_name: str, writing: str, parameters: Sequence[Any], patients: int
) -> int:
    """Run a statement that writes facts about at most so many patients, and with it, as one, write the same of each of them.

    `writing` gives (organisation_id, patient_id, since) of each row that it writes, `since` being the time from which on all must
    be computed anew; returns the number of rows. One statement is one transaction even where none is open, and one message to
    the database: of these, not of rows, a small request's time is made.
    """
    kind = kind_of(kind_name)
    [(written,)] = fetch_all(
        _with_jobs(writing),
        [
            *parameters,
            array_literal(new_id() for _ in range(patients)),
            kind.name,
            kind.queue,
            kind.written_version,
        ],
    )
    rings.ring_on_commit(kind.name, kind.queue, apart=_APART)
    return int(written)


@cache
def _with_jobs(writing: str) -> Prepared:
    return Prepared(
        f"""
        WITH written AS ({writing}), dirty AS (
            SELECT organisation_id, patient_id, min(since) AS since FROM written GROUP BY organisation_id, patient_id
        ), enqueued AS (
            INSERT INTO jobs_job (id, kind, queue, payload, payload_version, organisation_id, patient_id, dirty_from)
            SELECT (%s::uuid[])[row_number() OVER (ORDER BY patient_id)], %s, %s, '{{}}', %s::int, organisation_id,
                   patient_id, since
            FROM dirty
            -- In a fixed order, or two batches could deadlock.
            ORDER BY patient_id
            -- DO UPDATE rather than DO NOTHING: its row lock keeps a worker from claiming the waiting job before the new fact is
            -- committed.
            ON CONFLICT (kind, patient_id) WHERE state = 'available' AND dirty_from IS NOT NULL
            -- Not sooner than it was to run: see `hold_recompute`.
            DO UPDATE SET dirty_from = LEAST(jobs_job.dirty_from, excluded.dirty_from)
        )
        SELECT count(*) FROM written
        """  # noqa: S608 - statements of ours, values apart
    )


def hold_recompute(
    kind_name: str, wait: Mapping[UUID, timedelta], organisation_ids: Mapping[UUID, UUID]
) -> None:
    """Let nothing be computed anew for these patients until each one's time has passed: what comes in until then is done at once.

    A job that finds nothing to do stands in for what may come in; whatever does is merged into it.
    """
    kind = kind_of(kind_name)
    execute(
        """
        INSERT INTO jobs_job (id, kind, queue, payload, payload_version, organisation_id, patient_id, dirty_from, next_run_at)
        SELECT held.id, %s, %s, '{}', %s, held.organisation_id, held.patient_id, clock_timestamp(), clock_timestamp() + held.wait
        FROM unnest(%s::uuid[], %s::uuid[], %s::uuid[], %s::interval[]) AS held (id, organisation_id, patient_id, wait)
        ORDER BY patient_id
        ON CONFLICT (kind, patient_id) WHERE state = 'available' AND dirty_from IS NOT NULL
        DO UPDATE SET next_run_at = GREATEST(jobs_job.next_run_at, excluded.next_run_at)
        """,
        [
            kind.name,
            kind.queue,
            kind.written_version,
            array_literal(new_id() for _ in wait),
            array_literal(organisation_ids[patient] for patient in wait),
            array_literal(wait),
            array_literal(wait.values()),
        ],
    )
