"""How many patients a backfill is about: exactly where they are few, otherwise as the planner estimates it."""

from uuid import UUID

import msgspec

from clinical_engine.common.database import fetch_all

_COUNT_UP_TO = 10_000
_OF_ORGANISATION = "FROM patients_patient WHERE %s::uuid IS NULL OR organisation_id = %s::uuid"


def about_patients(organisation_id: UUID | None) -> int:
    """The patients of an organisation, or of all. Counting ten million would take seconds."""
    scope = [organisation_id, organisation_id]
    [(counted,)] = fetch_all(
        f"SELECT count(*) FROM (SELECT {_OF_ORGANISATION} LIMIT %s) AS bounded",  # noqa: S608 - a constant
        [*scope, _COUNT_UP_TO + 1],
    )
    if counted <= _COUNT_UP_TO:
        return int(counted)
    [(plan,)] = fetch_all(f"EXPLAIN (FORMAT JSON) SELECT {_OF_ORGANISATION}", scope)
    explained = plan if isinstance(plan, list) else msgspec.json.decode(plan)
    return max(int(explained[0]["Plan"]["Plan Rows"]), _COUNT_UP_TO)
