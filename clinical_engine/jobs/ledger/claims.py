"""Leasing due jobs to a worker, and finding what is due."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

import msgspec
from django.conf import settings

from clinical_engine.common.database import array_literal, execute, fetch_all
from clinical_engine.jobs.registry import RERUNS_QUEUE, JobKind

# Written out: as a bound value the planner could not tell which index serves it.
_IS_SUSPECT, _IS_NONE = "next_trigger = 'sweeper'", "next_trigger <> 'sweeper'"
# A coalesced job goes back as 'retryable': a younger one for its patient may already wait as 'available'.
WAITING_STATE = "CASE WHEN dirty_from IS NULL THEN 'available' ELSE 'retryable' END"


@dataclass(frozen=True, slots=True)
class Lease:
    """Under which a worker holds what it claims: a token that nobody had before, and the worker's name for the attempts."""

    token: UUID
    worker: str


class Stored(NamedTuple):
    """A claimed job as it lies in the ledger, its payload (the last revision where there is one) as JSON, not yet decoded."""

    id: UUID
    queue: str
    payload_version: int
    organisation_id: UUID | None
    submitter_id: UUID | None
    patient_id: UUID | None
    dirty_from: datetime | None
    trigger: str
    cursor: Any
    payload: str


def claim(
    kind: JobKind, queue: str, lease: Lease, *, limit: int | None = None, suspects: bool = False
) -> list[Stored]:
    """Lease up to `limit` (by default the kind's batch) due jobs that this release can decode. One statement, one commit.

    `suspects` asks for a job whose worker was lost, one alone: if it kills this worker too, no neighbour goes down with it.
    """
    rows = fetch_all(
        f"""
        WITH due AS MATERIALIZED (
            SELECT id FROM jobs_job
            WHERE kind = %s AND queue = %s AND state IN ('available', 'retryable') AND next_run_at <= statement_timestamp()
              AND COALESCE(revised_version, payload_version) <= %s AND {_IS_SUSPECT if suspects else _IS_NONE}
            ORDER BY next_run_at LIMIT %s FOR UPDATE SKIP LOCKED
        )
        UPDATE jobs_job SET state = 'running', lease_token = %s, lease_expires_at = clock_timestamp() + %s,
                            claimed_at = clock_timestamp(), claimed_by = %s, claimed_release = %s
        FROM due WHERE jobs_job.id = due.id
        RETURNING jobs_job.id, queue, COALESCE(revised_version, payload_version), organisation_id, submitter_id, patient_id,
                  dirty_from, next_trigger, cursor, COALESCE(revised_payload, payload)
        """,  # noqa: S608 - constants of this module
        [
            kind.name,
            queue,
            kind.version,
            1 if suspects else limit or kind.batch_size,
            lease.token,
            settings.JOB_LEASE,
            lease.worker,
            settings.RELEASE,
        ],
    )
    # Django has psycopg2 hand jsonb over as text, for its own field to decode.
    return [Stored._make((*row[:-2], _decoded(row[-2]), row[-1])) for row in rows]


def _decoded(text: str | None) -> Any:  # noqa: ANN401 - whatever was stored
    return None if text is None else msgspec.json.decode(text)


def put_back(token: UUID, job_ids: Iterable[UUID], wait: timedelta, *, as_suspects: bool = False) -> int:
    """Give claimed jobs back untried, because something they need was locked: no attempt is made or used.

    `as_suspects` has each of them tried alone from now on, since one of them, nobody knows which, held up the others.
    """
    return execute(
        f"""
        UPDATE jobs_job SET state = {WAITING_STATE}, lease_token = NULL, lease_expires_at = NULL,
                            next_run_at = clock_timestamp() + %(wait)s,
                            next_trigger = CASE WHEN %(suspects)s THEN 'sweeper' ELSE next_trigger END,
                            queue = CASE WHEN %(suspects)s THEN %(reruns)s ELSE queue END
        WHERE id = ANY(%(ids)s::uuid[]) AND lease_token = %(token)s AND state = 'running'
        """,  # noqa: S608 - a constant of this module
        {
            "wait": wait,
            "suspects": as_suspects,
            "reruns": RERUNS_QUEUE,
            "ids": array_literal(job_ids),
            "token": token,
        },
    )


# LATERAL with a LIMIT: as a plain EXISTS the planner hashed the whole backlog.
_DUE = """
    SELECT asked.kind, asked.queue, {suspects}
    FROM unnest(%(kinds)s::text[], %(queues)s::text[]) AS asked (kind, queue)
    CROSS JOIN LATERAL (
        SELECT FROM jobs_job job WHERE job.kind = asked.kind AND job.queue = asked.queue
            AND job.state IN ('available', 'retryable') AND job.next_run_at <= statement_timestamp()
            AND {condition}
        ORDER BY job.next_run_at LIMIT 1
    ) first
    WHERE NOT EXISTS (
        SELECT FROM jobs_circuit circuit
        WHERE circuit.kind = asked.kind AND circuit.open_until > statement_timestamp()
    )
"""


# From each kind to the next by the index of what can be claimed: as many steps as there are kinds, however long the backlog.
_KINDS_WAITING = """
    WITH RECURSIVE waiting AS (
        (SELECT kind FROM jobs_job WHERE state IN ('available', 'retryable') ORDER BY kind LIMIT 1)
        UNION ALL
        SELECT (SELECT job.kind FROM jobs_job job WHERE job.state IN ('available', 'retryable') AND job.kind > waiting.kind
                ORDER BY job.kind LIMIT 1)
        FROM waiting WHERE waiting.kind IS NOT NULL
    )
    SELECT kind FROM waiting WHERE kind IS NOT NULL
"""


def kinds_waiting() -> list[str]:
    """The names of the kinds of which some job waits, due or not; this release may not know all of them."""
    return [name for (name,) in fetch_all(_KINDS_WAITING)]


def due_work(kind_names: Iterable[str], queues: Sequence[str]) -> list[tuple[str, str, bool]]:
    """(kind, queue, suspects?) for which something is due now: one index look-up each, however long the backlog.

    What only another release can do is named as well: whoever sweeps, a worker of that release may hear the ring. A kind whose
    circuit is open has nothing to do.
    """
    combinations = [(kind, queue) for kind in kind_names for queue in queues]
    rows = fetch_all(
        " UNION ALL ".join(
            _DUE.format(suspects=suspects, condition=condition)
            for suspects, condition in (("false", _IS_NONE), ("true", _IS_SUSPECT))
        ),
        {
            "kinds": array_literal(kind for kind, _ in combinations),
            "queues": array_literal(queue for _, queue in combinations),
        },
    )
    return [(row[0], row[1], row[2]) for row in rows]


def waits_for_release(kind: JobKind, queue: str, *, suspects: bool) -> bool:
    """Whether due jobs of the kind have a payload format that this release cannot read.

    Cheap when a claim has just found no more: then these are all that is left.
    """
    [(waits,)] = fetch_all(
        f"""
        SELECT EXISTS (
            SELECT FROM jobs_job WHERE kind = %s AND queue = %s AND state IN ('available', 'retryable')
                AND next_run_at <= statement_timestamp() AND COALESCE(revised_version, payload_version) > %s
                AND {_IS_SUSPECT if suspects else _IS_NONE}
        )
        """,  # noqa: S608 - constants of this module
        [kind.name, queue, kind.version],
    )
    return bool(waits)
