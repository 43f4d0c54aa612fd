"""Bringing the associations in line with the statements, for any number of patients in a constant number of statements.

The fold of `patients.periods`, as sets: neither rows nor patients pass through Python, so that a million cost what PostgreSQL
takes for them. The tests hold the two against each other.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple
from uuid import UUID

from clinical_engine.common.database import array_literal, execute, fetch_all
from patients.locks import lock_patients
from patients.registry import ChangedPeriods, tell_changed_periods

Pair = tuple[UUID, UUID]
"""(patient, submitter)"""


class _Changes(NamedTuple):
    """What must be written so that the table shows the fold: array literals, None where there is nothing."""

    vanishing: str | None
    changed: str | None
    changed_until: str | None
    begun_organisations: str | None
    begun_patients: str | None
    begun_submitters: str | None
    begun_from: str | None
    begun_until: str | None
    dirty_patients: str | None
    dirty_since: str | None
    waiting: str | None
    """The statements that this brings in line: no other, since more may come in meanwhile, unfolded."""


def fold_periods(*, statement_ids: Sequence[UUID]) -> Mapping[UUID, Pair]:
    """Make the associations of every patient that the statements speak of equal to the fold of all the patient's statements.

    With whichever submitter: a patient who moves is with one or the other at any moment, never with both or none. Gives the pair
    of each of the statements that there are. Within the caller's transaction and under the patients' locks: associations, the
    statements' fulfilment, and what listeners write. Repeating it changes nothing. Raises OperationalError when a patient is
    locked for too long.
    """
    pair_of = _pairs_of(statement_ids)
    patients = array_literal({patient for patient, _ in pair_of.values()})
    lock_patients(patients)
    fold_locked(patients)
    return pair_of


def fold_locked(patients: str) -> None:
    """As `fold_periods`, for patients (an array literal of their ids) whose locks the caller holds."""
    changes = _compare(patients)
    if changes.dirty_patients and changes.dirty_since:
        dirty = {"dirty_patients": changes.dirty_patients, "dirty_since": changes.dirty_since}
        tell_changed_periods(ChangedPeriods(_DIRTY, dirty, changes.vanishing))
        _write(changes)
    if changes.waiting:
        execute(
            "UPDATE patients_statement SET fulfilled_at = clock_timestamp() WHERE id = ANY(%s::uuid[])",
            [changes.waiting],
        )


def _pairs_of(statement_ids: Sequence[UUID]) -> dict[UUID, Pair]:
    rows = fetch_all(
        "SELECT id, patient_id, submitter_id FROM patients_statement WHERE id = ANY(%s::uuid[])",
        [array_literal(statement_ids)],
    )
    return {row[0]: (row[1], row[2]) for row in rows}


# A statement counts where it says something else than the one before it: there a period begins, or ends. Of those that
# begin one, the next such statement is the end; a period that would end at its own beginning never was. Rows are matched by
# the time they begin, so that a row keeps standing for the same stretch of the patient's life. Collation C sorts client ids as
# Python does. OFFSET 0 keeps the planner to looking patients up: joined, it reads all statements there are for a slice of them.
_COMPARE = """
    WITH said AS (
        SELECT statement.* FROM unnest(%(patients)s::uuid[]) AS asked (patient_id) CROSS JOIN LATERAL (
            SELECT id, fulfilled_at, organisation_id, patient_id, submitter_id, effective_at, client_id,
                   kind = 'activation' AS active
            FROM patients_statement WHERE patient_id = asked.patient_id OFFSET 0
        ) AS statement
    ), turning AS (
        SELECT *, lag(active, 1, false) OVER pair AS was_active FROM said
        WINDOW pair AS (PARTITION BY patient_id, submitter_id ORDER BY effective_at, client_id COLLATE "C")
    ), turns AS (
        SELECT *, lead(effective_at) OVER pair AS until FROM turning WHERE active <> was_active
        WINDOW pair AS (PARTITION BY patient_id, submitter_id ORDER BY effective_at, client_id COLLATE "C")
    ), wanted AS (
        SELECT organisation_id, patient_id, submitter_id, effective_at AS since, until FROM turns
        WHERE active AND (until IS NULL OR effective_at < until)
    ), present AS (
        SELECT association.* FROM unnest(%(patients)s::uuid[]) AS asked (patient_id) CROSS JOIN LATERAL (
            SELECT id, patient_id, submitter_id, associated_at AS since, dissociated_at AS until
            FROM patients_association WHERE patient_id = asked.patient_id OFFSET 0
        ) AS association
    ), difference AS (
        SELECT present.id, wanted.organisation_id, patient_id, submitter_id, since, wanted.until,
               CASE WHEN present.id IS NULL OR wanted.organisation_id IS NULL THEN since
                    ELSE LEAST(wanted.until, present.until) END AS dirty_since
        FROM wanted FULL JOIN present USING (patient_id, submitter_id, since)
        WHERE present.id IS NULL OR wanted.organisation_id IS NULL OR wanted.until IS DISTINCT FROM present.until
    ), dirty AS (
        SELECT patient_id, min(dirty_since) AS since FROM difference GROUP BY patient_id
    )
    SELECT array_agg(id) FILTER (WHERE organisation_id IS NULL)::text,
           array_agg(id) FILTER (WHERE id IS NOT NULL AND organisation_id IS NOT NULL)::text,
           array_agg(until) FILTER (WHERE id IS NOT NULL AND organisation_id IS NOT NULL)::text,
           array_agg(organisation_id) FILTER (WHERE id IS NULL)::text,
           array_agg(patient_id) FILTER (WHERE id IS NULL)::text,
           array_agg(submitter_id) FILTER (WHERE id IS NULL)::text,
           array_agg(since) FILTER (WHERE id IS NULL)::text,
           array_agg(until) FILTER (WHERE id IS NULL)::text,
           (SELECT array_agg(patient_id ORDER BY patient_id)::text FROM dirty),
           (SELECT array_agg(since ORDER BY patient_id)::text FROM dirty),
           (SELECT array_agg(id)::text FROM said WHERE fulfilled_at IS NULL)
    FROM difference
"""


_DIRTY = "SELECT * FROM unnest(%(dirty_patients)s::uuid[], %(dirty_since)s::timestamptz[])"


def _compare(patients: str) -> _Changes:
    [row] = fetch_all(_COMPARE, {"patients": patients})
    return _Changes._make(row)


def _write(changes: _Changes) -> None:
    """Delete, then shorten, then insert: in this order no two open or overlapping periods of a pair ever stand side by side."""
    if changes.vanishing:
        execute("DELETE FROM patients_association WHERE id = ANY(%s::bigint[])", [changes.vanishing])
    if changes.changed:
        execute(
            """
            UPDATE patients_association SET dissociated_at = new.dissociated_at
            FROM unnest(%s::bigint[], %s::timestamptz[]) AS new (id, dissociated_at)
            WHERE patients_association.id = new.id
            """,
            [changes.changed, changes.changed_until],
        )
    if changes.begun_patients:
        execute(
            """
            INSERT INTO patients_association (organisation_id, patient_id, submitter_id, associated_at, dissociated_at)
            SELECT * FROM unnest(%s::uuid[], %s::uuid[], %s::uuid[], %s::timestamptz[], %s::timestamptz[])
            """,
            [
                changes.begun_organisations,
                changes.begun_patients,
                changes.begun_submitters,
                changes.begun_from,
                changes.begun_until,
            ],
        )
