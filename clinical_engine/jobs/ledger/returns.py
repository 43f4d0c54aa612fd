"""Making jobs available again that had left the queue: by a person's wish, or because their worker was lost."""

from collections.abc import Iterable
from uuid import UUID

from clinical_engine.common.database import array_literal, execute, fetch_all
from clinical_engine.jobs import rings
from clinical_engine.jobs.failures import TRIES, ErrorKind
from clinical_engine.jobs.ledger.claims import WAITING_STATE
from clinical_engine.jobs.registry import RERUNS_QUEUE


def run_again(job_ids: Iterable[UUID], actor_id: int) -> list[tuple[UUID, UUID | None]]:
    """Make failed or cancelled jobs available because a person asks; (id, organisation) of those that changed.

    Jobs that another person has already set going, or that succeeded, are left alone and not returned. So is one that is
    locked: somebody is changing it at this moment, and who waited for it could hold up, and be held up by, a worker.
    """
    rows = fetch_all(
        f"""
        WITH chosen AS (
            SELECT id FROM jobs_job WHERE id = ANY(%s::uuid[])
                AND state IN ('dead', 'invalid_payload', 'cancelled', 'retryable')
                AND NOT (state = 'retryable' AND next_trigger = 'user' AND next_run_at <= clock_timestamp())
            ORDER BY id FOR UPDATE SKIP LOCKED
        )
        UPDATE jobs_job SET state = {WAITING_STATE}, queue = %s, next_trigger = 'user', next_run_at = clock_timestamp(),
                            finished_at = NULL, last_actor_id = %s
        FROM chosen WHERE jobs_job.id = chosen.id
        RETURNING jobs_job.id, organisation_id, kind
        """,  # noqa: S608 - a constant of this module
        [array_literal(job_ids), RERUNS_QUEUE, actor_id],
    )
    for kind_name in {row[2] for row in rows}:
        rings.ring_on_commit(kind_name, RERUNS_QUEUE)
    return [(row[0], row[1]) for row in rows]


def return_lost(limit: int = 1000) -> int:
    """Take jobs back whose lease has run out, with an attempt 'lost'; the number of jobs.

    They become suspects, tried one by one, and dead after too many lost workers. Those are counted apart from failures:
    neither a deployment's kills nor an hour's outage may use up what the other leaves.
    """
    return execute(
        """
        WITH lost AS (
            SELECT id, next_trigger,
                   1 + (SELECT count(*) FROM jobs_attempt WHERE job_id = jobs_job.id AND outcome = 'lost') AS times
            FROM jobs_job WHERE state = 'running' AND lease_expires_at < clock_timestamp()
            ORDER BY id LIMIT %(limit)s FOR UPDATE SKIP LOCKED
        ), returned AS (
            UPDATE jobs_job job
            SET state = CASE WHEN lost.times >= %(tries)s THEN 'dead' ELSE 'retryable' END,
                finished_at = CASE WHEN lost.times >= %(tries)s THEN clock_timestamp() END,
                lease_token = NULL, lease_expires_at = NULL, queue = %(reruns)s,
                next_trigger = 'sweeper', next_run_at = clock_timestamp(),
                attempts_made = attempts_made + 1, error = 'worker lost',
                fingerprint = 'worker-lost'
            FROM lost WHERE job.id = lost.id
            RETURNING job.id, organisation_id, attempts_made, claimed_at, claimed_by, claimed_release, lost.next_trigger
        )
        INSERT INTO jobs_attempt (job_id, organisation_id, number, release, worker, started_at, ended_at, outcome, trigger,
                                  error_class, error_kind, sqlstate, constraint_name, message, frames, fingerprint)
        SELECT id, organisation_id, attempts_made, claimed_release, claimed_by, claimed_at, clock_timestamp(), 'lost',
               next_trigger, 'WorkerLost', 'lost', '', '', '', '[]', 'worker-lost'
        FROM returned
        """,
        {"limit": limit, "tries": TRIES[ErrorKind.LOST], "reruns": RERUNS_QUEUE},
    )
