"""Ending the tries of a batch: the job's new state and its attempt, in the transaction of what the try wrote."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from clinical_engine.common.database import array_literal, execute, fetch_all
from clinical_engine.jobs.failures import TRIES, ErrorKind, Failure, wait_before_try
from clinical_engine.jobs.ledger.claims import Stored
from clinical_engine.jobs.registry import RERUNS_QUEUE
from clinical_engine.jobs.states import JobState, Outcome, Trigger


class LeaseLostError(Exception):
    """Someone else has the job now: whatever the late worker did must be rolled back."""


@dataclass(frozen=True, slots=True)
class Ending:
    """How one try of a job ends: the job's new state and the attempt's outcome."""

    job_id: UUID
    state: JobState
    outcome: Outcome
    wait: timedelta = timedelta(0)
    cursor: Any = None
    failure: Failure | None = None

    @classmethod
    def succeeded(cls, job_id: UUID) -> "Ending":
        """The job is done."""
        return cls(job_id, JobState.SUCCEEDED, Outcome.SUCCEEDED)

    @classmethod
    def continues(cls, job_id: UUID, cursor: object, wait: timedelta) -> "Ending":
        """One slice of a long job is done; after `wait` it goes on from `cursor`, so that others get through between."""
        return cls(job_id, JobState.AVAILABLE, Outcome.CONTINUES, wait, cursor=cursor)

    @classmethod
    def failed(cls, job: Stored, failure: Failure, *, failed_before: int) -> "Ending":
        """The try failed: again later, dead, or for a person to mend, by the kind of failure.

        `failed_before` is how many tries that failed in this way count already; one that a person set going does not.
        """
        used = failed_before + (job.trigger != Trigger.USER)
        if failure.kind is ErrorKind.INVALID_PAYLOAD:
            return cls(job.id, JobState.INVALID_PAYLOAD, Outcome.FAILED, failure=failure)
        if max(used, 1) >= TRIES[failure.kind]:
            return cls(job.id, JobState.DEAD, Outcome.FAILED, failure=failure)
        return cls(
            job.id, JobState.RETRYABLE, Outcome.FAILED, wait_before_try(used, failure.kind), failure=failure
        )


# Nearly every try ends here, and the general statement below costs more than half as much again. Nobody who waits for a lock
# holds a row that runs (see `run_again`), so the rows need not be locked in key order first.
_SUCCEED = """
    WITH ended AS (
        UPDATE jobs_job
        SET state = 'succeeded', lease_token = NULL, lease_expires_at = NULL, attempts_made = attempts_made + 1,
            finished_at = clock_timestamp(), error = '', fingerprint = ''
        WHERE id = ANY(%s::uuid[]) AND lease_token = %s AND state = 'running'
        RETURNING id, organisation_id, attempts_made, claimed_at, claimed_by, claimed_release, next_trigger
    )
    INSERT INTO jobs_attempt (job_id, organisation_id, number, release, worker, started_at, ended_at, outcome, trigger,
                              error_class, error_kind, sqlstate, constraint_name, message, frames, fingerprint)
    SELECT id, organisation_id, attempts_made, claimed_release, claimed_by, claimed_at, clock_timestamp(), 'succeeded',
           next_trigger, '', '', '', '', '', '[]', ''
    FROM ended
"""

# The attempt's columns and the job's own trace of its last failure come from one JSON document per job, so that a batch of
# any mixture of endings is one statement. Rows are locked in key order.
_END = """
    WITH ending AS (
        SELECT * FROM unnest(%(ids)s::uuid[], %(states)s::text[], %(outcomes)s::text[], %(waits)s::interval[],
                             %(cursors)s::jsonb[], %(failures)s::jsonb[])
                      AS ending (id, state, outcome, wait, cursor, failure)
    ), held AS (
        SELECT job.id, job.next_trigger FROM jobs_job job JOIN ending USING (id)
        WHERE job.lease_token = %(token)s AND job.state = 'running'
        ORDER BY job.id FOR UPDATE OF job
    ), ended AS (
        UPDATE jobs_job job
        -- Like every coalesced job that goes back, see WAITING_STATE: a younger one may wait as 'available'.
        SET state = CASE WHEN ending.state = 'available' AND job.dirty_from IS NOT NULL THEN 'retryable'
                         ELSE ending.state END,
            queue = CASE WHEN ending.state = 'retryable' THEN %(reruns)s ELSE job.queue END,
            lease_token = NULL, lease_expires_at = NULL, next_trigger = 'auto',
            attempts_made = job.attempts_made + 1,
            attempts_used = job.attempts_used
                            + CASE WHEN ending.outcome = 'failed' AND held.next_trigger <> 'user' THEN 1 ELSE 0 END,
            next_run_at = clock_timestamp() + ending.wait,
            cursor = COALESCE(ending.cursor, job.cursor),
            finished_at = CASE WHEN ending.state IN ('available', 'retryable') THEN NULL ELSE clock_timestamp() END,
            error = COALESCE(ending.failure->>'summary', ''), fingerprint = COALESCE(ending.failure->>'fingerprint', '')
        FROM ending JOIN held USING (id) WHERE job.id = ending.id
        RETURNING job.id, job.organisation_id, job.attempts_made, job.claimed_at, job.claimed_by, job.claimed_release,
                  held.next_trigger, ending.outcome, ending.failure
    )
    INSERT INTO jobs_attempt (job_id, organisation_id, number, release, worker, started_at, ended_at, outcome, trigger,
                              error_class, error_kind, sqlstate, constraint_name, message, frames, fingerprint)
    SELECT id, organisation_id, attempts_made, claimed_release, claimed_by, claimed_at, clock_timestamp(), outcome,
           next_trigger, COALESCE(failure->>'error_class', ''), COALESCE(failure->>'kind', ''),
           COALESCE(failure->>'sqlstate', ''), COALESCE(failure->>'constraint_name', ''),
           COALESCE(failure->>'message', ''), COALESCE(failure->'frames', '[]'), COALESCE(failure->>'fingerprint', '')
    FROM ended
"""


def end(token: UUID, endings: Sequence[Ending]) -> None:
    """End the tries of a claimed batch, in the transaction of what they wrote.

    Raises LeaseLostError when any of the jobs is no longer held under `token`: the caller's transaction must roll back.
    """
    succeeded = [ending.job_id for ending in endings if ending.state is JobState.SUCCEEDED]
    others = [ending for ending in endings if ending.state is not JobState.SUCCEEDED]
    ended = execute(_SUCCEED, [array_literal(succeeded), token]) if succeeded else 0
    ended += _end_others(token, others) if others else 0
    if ended != len(endings):
        raise LeaseLostError


def _end_others(token: UUID, endings: Sequence[Ending]) -> int:
    return execute(
        _END,
        {
            "token": token,
            "reruns": RERUNS_QUEUE,
            "ids": array_literal(ending.job_id for ending in endings),
            "states": array_literal(ending.state for ending in endings),
            "outcomes": array_literal(ending.outcome for ending in endings),
            "waits": array_literal(f"{ending.wait.total_seconds()} seconds" for ending in endings),
            "cursors": array_literal(None if e.cursor is None else json.dumps(e.cursor) for e in endings),
            "failures": array_literal(_failure_json(ending.failure) for ending in endings),
        },
    )


def failures_counted(failures: Mapping[UUID, ErrorKind]) -> dict[UUID, int]:
    """How many failed tries with the given kind of error count already, for each job that has any.

    Counted by kind: an hour's outage must not use up the tries that a bug has.
    """
    rows = fetch_all(
        """
        SELECT asked.id, count(*) FROM unnest(%s::uuid[], %s::text[]) AS asked (id, error_kind)
        JOIN jobs_attempt attempt ON attempt.job_id = asked.id AND attempt.error_kind = asked.error_kind
        WHERE attempt.outcome = 'failed' AND attempt.trigger <> 'user' GROUP BY asked.id
        """,
        [array_literal(failures), array_literal(failures.values())],
    )
    return dict(rows)


def _failure_json(failure: Failure | None) -> str | None:
    if failure is None:
        return None
    return json.dumps(asdict(failure) | {"summary": failure.summary, "fingerprint": failure.fingerprint})
