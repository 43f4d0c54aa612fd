"""The items of a rerun: what became of the jobs that were set going, and setting the next ones going."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from clinical_engine.common.database import array_literal, execute, fetch_all
from clinical_engine.jobs import ledger
from clinical_engine.jobs.models import Rerun, RerunItem
from clinical_engine.jobs.reruns.limits import HIGHEST_RATE, SECONDS_IN_FLIGHT
from clinical_engine.jobs.states import ItemOutcome, JobState

# For the planner, which would otherwise expect any number of items under way and read the whole ledger for them.
_MOST_IN_FLIGHT = HIGHEST_RATE * SECONDS_IN_FLIGHT


def settle(rerun_id: UUID) -> Mapping[ItemOutcome, int]:
    """Write down what became of the jobs that were set going, and how many ended in each way.

    A job has failed again when a try of it failed, whether or not the machine will try once more; one whose worker was lost has
    not, and is waited for. One that somebody cancelled or discarded before it was tried was left alone.
    """
    rows = fetch_all(
        """
        WITH going AS MATERIALIZED (
            SELECT id, job_id, attempts_before FROM jobs_rerunitem
            WHERE rerun_id = %s AND outcome = 'running' LIMIT %s
        ), seen AS (
            SELECT going.id, COALESCE(failure.fingerprint, job.fingerprint, '') AS fingerprint,
                   CASE WHEN job.state = 'succeeded' THEN 'succeeded'
                        WHEN failure.fingerprint IS NOT NULL OR job.state IN ('dead', 'invalid_payload') THEN 'failed'
                        WHEN job.id IS NULL OR job.state = 'cancelled' THEN 'skipped' END AS outcome
            FROM going LEFT JOIN jobs_job job ON job.id = going.job_id
            LEFT JOIN LATERAL (
                SELECT fingerprint FROM jobs_attempt
                WHERE job_id = going.job_id AND number > going.attempts_before AND outcome = 'failed'
                ORDER BY number DESC LIMIT 1
            ) failure ON job.state <> 'succeeded'
        ), settled AS (
            UPDATE jobs_rerunitem item
            SET outcome = seen.outcome, fingerprint = CASE WHEN seen.outcome = 'failed' THEN seen.fingerprint ELSE '' END
            FROM seen WHERE item.id = seen.id AND seen.outcome IS NOT NULL
            RETURNING seen.outcome
        )
        SELECT outcome, count(*) FROM settled GROUP BY outcome
        """,
        [rerun_id, _MOST_IN_FLIGHT],
    )
    return {ItemOutcome(outcome): number for outcome, number in rows}


def set_going(rerun: Rerun, number: int, states: Sequence[JobState]) -> int:
    """Set the next `number` jobs of the rerun going; how many of them were left alone, no longer being as they were chosen.

    `states` are those that a job must still be in.
    """
    positions = (rerun.started + 1, rerun.started + number)
    frozen = dict(
        RerunItem.objects.filter(rerun=rerun, position__range=positions).values_list(
            "job_id", "attempts_before"
        )
    )
    going = ledger.set_going(frozen, states, rerun.actor_id)
    execute(
        """
        UPDATE jobs_rerunitem SET outcome = CASE WHEN job_id = ANY(%s::uuid[]) THEN 'running' ELSE 'skipped' END
        WHERE rerun_id = %s AND position BETWEEN %s AND %s
        """,
        [array_literal(going), rerun.pk, *positions],
    )
    return len(frozen) - len(going)
