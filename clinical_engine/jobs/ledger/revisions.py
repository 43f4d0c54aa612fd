"""What a person makes of a failed job's payload: worked on from now on, while the original stays as it was accepted."""

from dataclasses import dataclass
from uuid import UUID

from clinical_engine.common.database import execute, fetch_all
from clinical_engine.common.errors import NotAllowedNowError


class NotFailedError(NotAllowedNowError):
    """The job is not failed any more."""

    def __init__(self) -> None:
        super().__init__(
            "The job is not failed any more: somebody has set it going or discarded it. Nothing was saved."
        )


class RevisedMeanwhileError(NotAllowedNowError):
    """Another revision is the last one."""

    def __init__(self) -> None:
        super().__init__("Somebody else has saved a revision meanwhile. Nothing was saved.")


@dataclass(frozen=True, slots=True)
class Revision:
    """The next revision of a job's payload: `payload` is JSON in format `version`, `seen` the number of the one before, or 0."""

    job_id: UUID
    payload: str
    version: int
    seen: int
    actor_id: int
    reason: str


def revise(revision: Revision) -> UUID | None:
    """Write a revision in the caller's transaction; the job's organisation.

    Raises NotFailedError, or RevisedMeanwhileError when another revision than `seen` is the last one: the caller's transaction
    must roll back.
    """
    rows = fetch_all(
        """
        UPDATE jobs_job SET revised_payload = %s::jsonb, revised_version = %s, last_actor_id = %s
        WHERE id = %s AND state IN ('dead', 'invalid_payload') RETURNING organisation_id
        """,
        [revision.payload, revision.version, revision.actor_id, revision.job_id],
    )
    if not rows:
        raise NotFailedError
    # The job's row is locked now, so this second statement sees whatever revision somebody else has committed.
    written = execute(
        """
        INSERT INTO jobs_payloadrevision (job_id, number, payload, payload_version, actor_id, reason, created_at)
        SELECT %(job_id)s, %(seen)s + 1, %(payload)s::jsonb, %(version)s, %(actor_id)s, %(reason)s, clock_timestamp()
        WHERE %(seen)s = (SELECT COALESCE(max(number), 0) FROM jobs_payloadrevision WHERE job_id = %(job_id)s)
        """,
        {
            "job_id": revision.job_id,
            "seen": revision.seen,
            "payload": revision.payload,
            "version": revision.version,
            "actor_id": revision.actor_id,
            "reason": revision.reason,
        },
    )
    if not written:
        raise RevisedMeanwhileError
    [(organisation_id,)] = rows
    return organisation_id  # type: ignore[no-any-return]  # a column
