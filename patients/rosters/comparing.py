"""Comparing a roster with the associations, as sets."""

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models.functions import Now

from clinical_engine.common.database import execute, fetch_all
from clinical_engine.common.identifiers import new_id
from patients.models import Roster

# Above this many lines every patient of the organisation is read once rather than looked up one by one. The planner cannot
# choose by itself: it knows nothing yet of lines that have just come in.
_READ_ALL_FROM = 20_000
_TIME_LIMIT = timedelta(seconds=0.9 * settings.CELERY_TASK_SOFT_TIME_LIMIT)

# What is listed is one row for each patient. Who is linked now and has no statement later than `as_of` was linked then too.
# A statement of that very instant is later, unless a roster made it: rosters of one instant correct each other.
_COMPARED = """
    WITH listed AS (
        SELECT external_id, min(active_since) AS since, count(*) > 1 AS is_repeated,
               min(active_since) <> max(active_since) AS is_contradictory, bool_or(active_since IS NULL) AS is_untimed
        FROM patients_rosterline WHERE roster_id = %(roster)s GROUP BY external_id
    ), linked AS (
        SELECT patient_id, associated_at FROM patients_association
        WHERE submitter_id = %(submitter)s AND dissociated_at IS NULL
    ), said AS (
        SELECT patient_id,
               bool_or(effective_at > %(as_of)s OR effective_at = %(as_of)s AND source <> 'roster') AS is_newer,
               max(effective_at) FILTER (WHERE kind = 'deactivation') AS inactive_since
        FROM patients_statement
        WHERE submitter_id = %(submitter)s AND (kind = 'deactivation' OR effective_at >= %(as_of)s)
        GROUP BY patient_id
    ), compared AS MATERIALIZED (
        SELECT COALESCE(patient.id, linked.patient_id) AS patient_id, listed.external_id, listed.since,
               is_repeated AND NOT is_contradictory AS is_repeated, is_contradictory,
               linked.associated_at <> listed.since AS has_other_since, inactive_since >= listed.since AS was_left,
               CASE WHEN listed.external_id IS NOT NULL AND linked.patient_id IS NOT NULL THEN 'in_order'
                    WHEN is_newer THEN 'newer'
                    WHEN listed.external_id IS NULL THEN 'extra'
                    WHEN is_untimed OR is_contradictory THEN 'unclear'
                    ELSE 'missing' END AS verdict
        FROM (listed LEFT JOIN patients_patient patient
                  ON patient.organisation_id = %(organisation)s AND patient.external_id = listed.external_id)
        FULL JOIN linked ON linked.patient_id = patient.id
        LEFT JOIN said ON said.patient_id = COALESCE(patient.id, linked.patient_id)
    )
"""
# Patients still unknown get their ids here, so that slices need not write them back: UUIDv7 that have the time and chance of one
# made for this comparison, and the position as their counter (RFC 9562, section 6.2, method 1).
# A patient stated inactive since then would stay unlinked by 'active since'; that they are active at `as_of` the list says too.
_DIFFERENCES = """
    , written AS (
        INSERT INTO patients_rosterchange (roster_id, position, patient_id, external_id, kind, effective_at)
        SELECT %(roster)s, row_number() OVER listed,
               COALESCE(patient_id, (%(new_id)s || lpad(to_hex(row_number() OVER listed), 8, '0'))::uuid),
               CASE WHEN patient_id IS NULL THEN external_id ELSE '' END,
               CASE verdict WHEN 'extra' THEN 'deactivation' ELSE 'activation' END,
               CASE WHEN verdict = 'extra' OR was_left THEN %(as_of)s ELSE since END
        FROM compared WHERE verdict IN ('missing', 'extra')
        WINDOW listed AS (ORDER BY patient_id, external_id)
    )
    SELECT count(*) FILTER (WHERE verdict = 'in_order'), count(*) FILTER (WHERE verdict = 'in_order' AND has_other_since),
           count(*) FILTER (WHERE verdict = 'missing'), count(*) FILTER (WHERE verdict = 'missing' AND was_left),
           count(*) FILTER (WHERE verdict = 'extra'), count(*) FILTER (WHERE verdict = 'newer'),
           count(*) FILTER (WHERE verdict = 'unclear'), count(*) FILTER (WHERE is_repeated),
           count(*) FILTER (WHERE is_contradictory), (SELECT count(*) FROM linked)
    FROM compared
"""
COMPARED_COUNTS = (
    "in_order",
    "other_since",
    "missing",
    "reactivated",
    "extra",
    "newer",
    "unclear",
    "repeated",
    "contradictory",
    "linked_before",
)
_DRIFTING = " SELECT count(*) FROM compared WHERE verdict IN ('missing', 'unclear')"
_WHO_DRIFTS = """
    SELECT patient_id, external_id, since FROM compared WHERE verdict IN ('missing', 'unclear')
    ORDER BY external_id LIMIT %(limit)s
"""
# Told apart by their lines: of the first few patients listed twice with different times.
_CONTRADICTIONS = """
    SELECT max(line) FROM patients_rosterline WHERE roster_id = %s GROUP BY external_id
    HAVING min(active_since) <> max(active_since) ORDER BY max(line) LIMIT %s
"""


def find_differences(roster: Roster) -> None:
    """Write what is to be changed as the roster's changes, and set its counts, which the caller saves.

    Within the caller's transaction, in a constant number of statements.
    """
    execute("DELETE FROM patients_rosterchange WHERE roster_id = %s", [roster.pk])
    _prepare(roster)
    [counts] = fetch_all(_COMPARED + _DIFFERENCES, _parameters(roster) | {"new_id": new_id().hex[:24]})
    for name, count in zip(COMPARED_COUNTS, counts, strict=True):
        setattr(roster, name, count)


def lines_that_contradict(roster: Roster, limit: int) -> list[int]:
    """Lines, at most `limit`, that list a patient whom an earlier line lists with another time."""
    return [line for (line,) in fetch_all(_CONTRADICTIONS, [roster.pk, limit])]


def compare_again(roster: Roster) -> None:
    """Count who is active in vitals by this list and not linked here now, and save that; the lines must still be kept."""
    _prepare(roster)
    [(roster.drift,)] = fetch_all(_COMPARED + _DRIFTING, _parameters(roster))
    roster.drift_compared_at = Now()
    roster.save(update_fields=["drift", "drift_compared_at"])


@transaction.atomic
def who_drifts(roster: Roster, limit: int) -> list[tuple[Any, ...]]:
    """(patient's id, external id, active since), at most `limit` of those whom `compare_again` counts."""
    _prepare(roster)
    return fetch_all(_COMPARED + _WHO_DRIFTS, _parameters(roster) | {"limit": limit})


def _prepare(roster: Roster) -> None:
    execute(f"SET LOCAL statement_timeout = {int(_TIME_LIMIT.total_seconds() * 1000)}")
    execute("SET LOCAL work_mem = '64MB'")
    execute(f"SET LOCAL enable_nestloop = {'off' if roster.lines > _READ_ALL_FROM else 'on'}")


def _parameters(roster: Roster) -> dict[str, Any]:
    return {
        "roster": roster.pk,
        "submitter": roster.submitter_id,
        "organisation": roster.organisation_id,
        "as_of": roster.as_of,
    }
