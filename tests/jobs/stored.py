"""Jobs as an older or a newer release left them: a payload is written once, since nothing may rewrite it."""

from collections.abc import Sequence
from uuid import UUID

from clinical_engine.common.database import array_literal, execute
from clinical_engine.common.identifiers import new_id


def store(
    kind: str, *payloads: str, version: int = 1, state: str = "available", queue: str = "default"
) -> Sequence[UUID]:
    """Jobs with these payloads, as JSON, in format `version`; their ids."""
    ids = [new_id() for _ in payloads]
    running = state == "running"
    ended = state in {"dead", "invalid_payload", "cancelled", "succeeded"}
    execute(
        """
        INSERT INTO jobs_job (id, kind, queue, state, payload, payload_version, lease_token, lease_expires_at, finished_at)
        SELECT new.id, %s, %s, %s, new.payload::jsonb, %s, CASE WHEN %s THEN new.id END,
               CASE WHEN %s THEN now() + interval '1 hour' END, CASE WHEN %s THEN now() END
        FROM unnest(%s::uuid[], %s::text[]) AS new (id, payload)
        """,
        [
            kind,
            queue,
            state,
            version,
            running,
            running,
            ended,
            array_literal(ids),
            array_literal(payloads),
        ],
    )
    return ids


def revise(job_id: UUID, payload: str, version: int) -> None:
    """Let a person's revision stand beside the original."""
    execute(
        "UPDATE jobs_job SET revised_payload = %s::jsonb, revised_version = %s WHERE id = %s",
        [payload, version, job_id],
    )
