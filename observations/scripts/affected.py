"""What stands of a script's results, counted at a cost that does not grow with how many there are."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from django.conf import settings

from clinical_engine.common.database import array_literal, fetch_all

MOST_RESULTS = 1_000
MOST_PATIENTS = 1_000


# Two branches, so that each has an index.
_KNOWN = f"""
    (SELECT id FROM patients_patient
     WHERE asked.organisation_id IS NULL AND id <= asked.last ORDER BY id LIMIT {MOST_PATIENTS + 1})
    UNION ALL
    (SELECT id FROM patients_patient
     WHERE organisation_id = asked.organisation_id AND id <= asked.last LIMIT {MOST_PATIENTS + 1})
"""  # noqa: S608 - a constant of this module


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


class Asked(NamedTuple):
    """Whether anybody, of an organisation or of all, has a counting reading of these codes as of `since` or later."""

    since: datetime
    received_before: datetime
    code_ids: Collection[int]
    organisation_id: UUID | None


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


def may_have_readings(asked: Sequence[Asked]) -> list[bool]:
    """Of each, whether anybody may have had such a reading; one query.

    Of more patients than are looked at, of those who were known by then, it is taken that somebody has.
    """
    sources = [(place, code_id) for place, one in enumerate(asked) for code_id in one.code_ids]
    rows = fetch_all(
        f"""
        SELECT CASE WHEN (SELECT count(*) FROM ({_KNOWN}) AS known) > {MOST_PATIENTS} THEN true ELSE EXISTS (
            SELECT FROM unnest(%(places)s::int[], %(codes)s::int[]) AS source (place, code_id)
            CROSS JOIN ({_KNOWN}) AS known
            JOIN observations_measurement m ON m.patient_id = known.id AND m.code_id = source.code_id
                                           AND m.measured_at BETWEEN asked.since AND asked.until
            WHERE source.place = asked.place - 1
              AND m.id <= asked.last AND m.association_id IS NOT NULL AND m.status = 'final'
        ) END
        FROM unnest(%(since)s::timestamptz[], %(until)s::timestamptz[], %(last)s::uuid[], %(whose)s::uuid[])
             WITH ORDINALITY AS asked (since, until, last, organisation_id, place)
        ORDER BY asked.place
        """,  # noqa: S608 - constants of this module, values apart
        {
            "places": array_literal(place for place, _ in sources),
            "codes": array_literal(code_id for _, code_id in sources),
            "since": array_literal(one.since for one in asked),
            # Nothing is taken in that was measured later than a sender's clock may be ahead.
            "until": array_literal(one.received_before + settings.CLOCK_SKEW for one in asked),
            "last": array_literal(_last_id_of(one.received_before) for one in asked),
            "whose": array_literal(one.organisation_id for one in asked),
        },
    )
    return [is_so for (is_so,) in rows]


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


def _last_id_of(time: datetime) -> UUID:
    """The greatest id of what was received before that millisecond: it is in the first 48 bits."""
    return UUID(int=(int(time.timestamp() * 1_000) << 80) - 1)
