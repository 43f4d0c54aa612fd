"""Writing a rerun's selection down, so that it never grows."""

from collections.abc import Sequence
from uuid import UUID

from clinical_engine.common.database import array_literal, execute
from clinical_engine.jobs.reruns.examination import Chosen

_AT_ONCE = 50_000


def freeze(rerun_id: UUID, chosen: Sequence[Chosen], canary: int) -> None:
    """Write one item for each chosen job: first `canary` of them, taken evenly over all kinds and causes, then by age."""
    ordered = in_order(chosen, canary)
    for begin in range(0, len(ordered), _AT_ONCE):
        part = ordered[begin : begin + _AT_ONCE]
        execute(
            """
            INSERT INTO jobs_rerunitem (rerun_id, position, job_id, attempts_before)
            SELECT %s, %s + new.position, new.job_id, new.attempts
            FROM unnest(%s::uuid[], %s::int[]) WITH ORDINALITY AS new (job_id, attempts, position)
            """,
            [
                rerun_id,
                begin,
                array_literal(job.id for job in part),
                array_literal(job.attempts for job in part),
            ],
        )


def in_order(chosen: Sequence[Chosen], canary: int) -> list[Chosen]:
    """The jobs in the order in which they are set going."""
    alike = sorted(chosen)
    first = (
        [alike[number * len(alike) // canary] for number in range(canary)] if canary < len(alike) else alike
    )
    taken = {job.id for job in first}
    # UUIDv7: by id is by age.
    rest = sorted((job for job in chosen if job.id not in taken), key=lambda job: job.id)
    return [*first, *rest]
