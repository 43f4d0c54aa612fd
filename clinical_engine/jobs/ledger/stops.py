"""Ending jobs without doing them, because a person decides so."""

from collections.abc import Iterable, Sequence
from uuid import UUID

from clinical_engine.common.database import array_literal, fetch_all
from clinical_engine.jobs.states import JobState


def stop(
    job_ids: Iterable[UUID], states: Sequence[JobState], actor_id: int
) -> list[tuple[UUID, UUID | None]]:
    """Cancel those of the jobs that are in one of `states` now; (id, organisation) of those that changed.

    What the last failure was stays with the job, and it can be run again.
    """
    rows = fetch_all(
        """
        WITH chosen AS (
            SELECT id FROM jobs_job WHERE id = ANY(%s::uuid[]) AND state = ANY(%s::text[]) ORDER BY id FOR UPDATE SKIP LOCKED
        )
        UPDATE jobs_job SET state = 'cancelled', finished_at = clock_timestamp(), last_actor_id = %s
        FROM chosen WHERE jobs_job.id = chosen.id
        RETURNING jobs_job.id, organisation_id
        """,
        [array_literal(job_ids), array_literal(states), actor_id],
    )
    return [(row[0], row[1]) for row in rows]
