"""Making patients known."""

from collections.abc import Iterable
from uuid import UUID

from clinical_engine.common.database import array_literal, execute, fetch_all
from clinical_engine.common.identifiers import new_id


def ensure_patients(*, organisation_id: UUID, external_ids: Iterable[str]) -> dict[str, UUID]:
    """The patients of these external ids, created where they were not known; at most two statements for any number."""
    # Sorted: two requests that create the same patients in different orders would deadlock.
    wanted = sorted(set(external_ids))
    new = [new_id() for _ in wanted]
    # The index alone tells which are known: looked for by a join, they were compared with every row that the statement had written
    # whenever the planner thought that the table was empty, which took ten times as long.
    created = execute(
        """
        INSERT INTO patients_patient (id, organisation_id, external_id)
        SELECT new.id, %s, new.external_id
        FROM unnest(%s::uuid[], %s::text[]) WITH ORDINALITY AS new (id, external_id, position)
        ORDER BY new.position
        ON CONFLICT (organisation_id, external_id) DO NOTHING
        """,
        [organisation_id, array_literal(new), array_literal(wanted)],
    )
    if created == len(wanted):
        # Thousands of patients at once are mostly new ones, and reading their ids back would cost a tenth of writing them.
        return dict(zip(wanted, new, strict=True))
    rows = fetch_all(
        "SELECT external_id, id FROM patients_patient WHERE organisation_id = %s AND external_id = ANY(%s::text[])",
        [organisation_id, array_literal(wanted)],
    )
    return dict(rows)
