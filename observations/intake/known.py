"""Readings whose client id was there before: duplicates, and conflicts, which are kept for staff to see."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from clinical_engine.common.database import array_literal, execute, fetch_all
from observations.intake.rows import Answer, Outcome, Row, column, offsets_literal

# What must be the same for a duplicate; the offset that a time was written with is not.
_CONTENT = (
    "code_id",
    "value_quantity",
    "value_boolean",
    "value_answer",
    "value_text",
    "components",
    "unit",
    "replaces",
    "measured_at",
)


def _columns(table: str) -> str:
    return ", ".join(f"{table}.{name}" for name in _CONTENT)


_SENT_AGAIN = f"""
    WITH new AS (
        SELECT position, client_id, external_id, code_id, value_quantity, value_boolean, value_answer, value_text, components,
               COALESCE(unit, '') AS unit, COALESCE(replaces, '') AS replaces, measured_at, utc_offset_minutes
        FROM unnest(%s::int[], %s::text[], %s::text[], %s::int[], %s::numeric[], %s::bool[], %s::text[], %s::text[],
                    %s::jsonb[], %s::text[], %s::text[], %s::timestamptz[], %s::smallint[])
             AS new (position, client_id, external_id, code_id, value_quantity, value_boolean, value_answer, value_text,
                     components, unit, replaces, measured_at, utc_offset_minutes)
    ), sent AS (
        SELECT new.*, known.id, known.organisation_id,
               (patient.external_id, {_columns("known")}) IS NOT DISTINCT FROM (new.external_id, {_columns("new")}) AS is_same
        FROM new
        JOIN observations_measurement known ON known.organisation_id = %s AND known.client_id = new.client_id
        JOIN patients_patient patient ON patient.id = known.patient_id
    )
"""  # noqa: S608 - constants of this module
_COMPARED = "SELECT position, id::text, is_same FROM sent"
_KEEP_CONFLICTS = f"""
    INSERT INTO observations_measurementconflict (organisation_id, measurement_id, external_id, {", ".join(_CONTENT)},
                                                  utc_offset_minutes)
    SELECT DISTINCT ON (id, external_id, {_columns("sent")}) organisation_id, id, external_id, {_columns("sent")},
           utc_offset_minutes
    FROM sent
    WHERE NOT is_same AND NOT EXISTS (
        SELECT FROM observations_measurementconflict kept WHERE kept.measurement_id = sent.id
            AND (kept.external_id, {_columns("kept")}) IS NOT DISTINCT FROM (sent.external_id, {_columns("sent")})
    )
"""  # noqa: S608 - constants of this module


def ids_of(organisation_id: UUID, rows: Sequence[Row]) -> dict[str, str]:
    """The measurement that stands under the client id of each of the rows."""
    return dict(
        fetch_all(
            """
            SELECT client_id, id::text FROM observations_measurement
            WHERE organisation_id = %s AND client_id = ANY(%s::text[])
            """,
            [organisation_id, array_literal(row.reading.client_id for row in rows)],
        )
    )


def answer_known(organisation_id: UUID, rows: Sequence[Row]) -> dict[int, Answer]:
    """Compare the rows with what their client ids stood for before; keep those that differ for staff to see."""
    parameters: list[Any] = [
        array_literal(row.position for row in rows),
        array_literal(row.reading.client_id for row in rows),
        array_literal(row.reading.external_id for row in rows),
        array_literal(row.code_id for row in rows),
        column([row.value.quantity for row in rows]),
        column([row.value.boolean for row in rows]),
        column([row.value.answer for row in rows]),
        column([row.value.text for row in rows]),
        column([row.value.components for row in rows]),
        column([row.reading.unit for row in rows]),
        column([row.reading.replaces for row in rows]),
        array_literal(row.reading.measured_at for row in rows),
        offsets_literal(rows),
        organisation_id,
    ]
    compared = fetch_all(_SENT_AGAIN + _COMPARED, parameters)
    if not all(is_same for _, _, is_same in compared):
        execute(_SENT_AGAIN + _KEEP_CONFLICTS, parameters)
    return {
        position: Answer(Outcome.DUPLICATE if is_same else Outcome.CONFLICT, measurement_id)
        for position, measurement_id, is_same in compared
    }
