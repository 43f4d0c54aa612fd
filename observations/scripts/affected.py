"""What stands of a script's results, counted at a cost that does not grow with how many there are."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from clinical_engine.common.database import array_literal, fetch_all

MOST_RESULTS = 1_000
MOST_PATIENTS = 1_000


class Standing(NamedTuple):
    """Current results of a script; `is_all` tells that none were left uncounted."""

    results: int
    patients: int
    is_all: bool


class Expected(NamedTuple):
    """The version in force from a time on until before another, in an organisation of its own or in all others."""

    organisation_id: UUID | None
    begins: datetime
    ends: datetime | None
    version_id: UUID | None


def standing_since(script_id: UUID, since: datetime, organisation_id: UUID | None = None) -> Standing:
    """The current results as of `since` and later, of an organisation or of all; one query.

    Looks at 1,000 patients and counts 1,000 results at most: nothing but the patient finds a result fast.
    """
    return _counted("", {"script": script_id, "since": since, "organisation": organisation_id})


def standing_unlike(
    script_id: UUID, since: datetime, expected: Sequence[Expected], organisation_id: UUID | None = None
) -> Standing:
    """Of these, those that another version gave than the one that is expected as of their time; one query."""
    own = {one.organisation_id for one in expected if one.organisation_id is not None}
    return _counted(
        """
        AND EXISTS (
            SELECT FROM unnest(%(whose)s::uuid[], %(begins)s::timestamptz[], %(ends)s::timestamptz[], %(versions)s::uuid[])
                        AS expected (organisation_id, begins, ends, version_id)
            WHERE expected.organisation_id IS NOT DISTINCT FROM
                  CASE WHEN result.organisation_id = ANY(%(own)s::uuid[]) THEN result.organisation_id END
              AND result.as_of >= expected.begins AND (expected.ends IS NULL OR result.as_of < expected.ends)
              AND expected.version_id IS DISTINCT FROM result.script_version_id
        )
        """,
        {
            "script": script_id,
            "since": since,
            "organisation": organisation_id,
            "own": array_literal(own),
            "whose": array_literal(one.organisation_id for one in expected),
            "begins": array_literal(one.begins for one in expected),
            "ends": array_literal(one.ends for one in expected),
            "versions": array_literal(one.version_id for one in expected),
        },
    )


def _counted(condition: str, parameters: dict[str, Any]) -> Standing:
    # Of all, the newest patients: a backfill begins with the oldest, and what it has left is at the other end. Those of one
    # organisation have an index, but not in that order: looking for its newest could go through everybody's.
    [(patients, results, with_results)] = fetch_all(
        f"""
        WITH looked_at AS (
            SELECT id FROM patients_patient
            {"WHERE organisation_id = %(organisation)s" if parameters["organisation"] else "ORDER BY id DESC"}
            LIMIT {MOST_PATIENTS + 1}
        ), found AS (
            SELECT looked_at.id FROM looked_at CROSS JOIN LATERAL (
                SELECT 1 FROM observations_observation result
                WHERE result.patient_id = looked_at.id AND result.script_id = %(script)s
                  AND result.as_of >= %(since)s AND result.superseded_at IS NULL {condition}
                LIMIT {MOST_RESULTS + 1}
            ) AS result LIMIT {MOST_RESULTS + 1}
        )
        SELECT (SELECT count(*) FROM looked_at), (SELECT count(*) FROM found), (SELECT count(DISTINCT id) FROM found)
        """,  # noqa: S608 - constants of this module, values apart
        parameters,
    )
    return Standing(results, with_results, patients <= MOST_PATIENTS and results <= MOST_RESULTS)
