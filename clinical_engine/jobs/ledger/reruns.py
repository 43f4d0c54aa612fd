"""Setting a slice of a bulk rerun going."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from clinical_engine.common.database import array_literal, fetch_all
from clinical_engine.jobs import rings
from clinical_engine.jobs.ledger.claims import WAITING_STATE
from clinical_engine.jobs.registry import RERUNS_QUEUE
from clinical_engine.jobs.states import JobState


def set_going(attempts: Mapping[UUID, int], states: Sequence[JobState], actor_id: int) -> set[UUID]:
    """Make those of the jobs available that are still as they were chosen; the ids of those that changed.

    `attempts` gives for each job how many attempts it had made when it was chosen. One that has made more, or is in none of
    `states`, was run, cancelled or discarded by somebody meanwhile, and is left alone; so is one that somebody is changing now.
    """
    rows = fetch_all(
        f"""
        WITH chosen AS (
            SELECT job.id FROM unnest(%s::uuid[], %s::int[]) AS frozen (id, attempts) JOIN jobs_job job USING (id)
            WHERE job.state = ANY(%s::text[]) AND job.attempts_made = frozen.attempts
                AND NOT (job.state = 'retryable' AND job.next_trigger = 'user')
            ORDER BY job.id FOR UPDATE OF job SKIP LOCKED
        )
        UPDATE jobs_job SET state = {WAITING_STATE}, queue = %s, next_trigger = 'user', next_run_at = clock_timestamp(),
                            finished_at = NULL, last_actor_id = %s
        FROM chosen WHERE jobs_job.id = chosen.id
        RETURNING jobs_job.id, jobs_job.kind
        """,  # noqa: S608 - a constant of the ledger
        [
            array_literal(attempts),
            array_literal(attempts.values()),
            array_literal(states),
            RERUNS_QUEUE,
            actor_id,
        ],
    )
    for kind_name in {kind for _, kind in rows}:
        rings.ring_on_commit(kind_name, RERUNS_QUEUE)
    return {job_id for job_id, _ in rows}
