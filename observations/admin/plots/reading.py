"""What is drawn, read in two statements: which codes there are, and of each as many readings as a drawing can hold."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from clinical_engine.common.database import array_literal, fetch_all
from observations.models import Measurement
from patients.admin.timeline.scale import Scale

# Of readings that share a mark, those that it names.
NAMED = 5


@dataclass(frozen=True, slots=True)
class History:
    """From when to when a patient has readings of a code."""

    code_id: int
    oldest: datetime
    newest: datetime


@dataclass(frozen=True, slots=True)
class Bounds:
    """The most that is drawn: plots, columns of one of them, columns of all together, and readings of all together."""

    plots: int
    columns: int
    all_columns: int
    readings: int

    def columns_of(self, plots: int) -> int:
        """Into how many columns each of so many plots is divided."""
        return max(1, min(self.columns, self.all_columns // max(plots, 1)))


def histories_of(patient_id: UUID) -> list[History]:
    """Every code that the patient has readings of. As fast for a hundred thousand readings as for one."""
    # Two looks into an index for each code of the catalogue; grouping would read all of the patient's readings.
    rows = fetch_all(
        """
        SELECT code.id, oldest.measured_at, newest.measured_at
        FROM observations_code code
        CROSS JOIN LATERAL (
            SELECT measured_at FROM observations_measurement
            WHERE patient_id = %(patient)s AND code_id = code.id ORDER BY measured_at DESC LIMIT 1
        ) AS newest
        CROSS JOIN LATERAL (
            SELECT measured_at FROM observations_measurement
            WHERE patient_id = %(patient)s AND code_id = code.id ORDER BY measured_at LIMIT 1
        ) AS oldest
        """,
        {"patient": patient_id},
    )
    return [History(*row) for row in rows]


def readings_of(patient_id: UUID, code_ids: Sequence[int], scale: Scale, bounds: Bounds) -> list[Any]:
    """The readings to be drawn, the oldest first: measurements with `in_all`, how many readings of the code there are.

    Of each column of a code's plot, the lowest and the highest of those that count, of those that are held, and of those that
    were taken back, each with a flag and without, and each answer for itself; of those without a number the first few, which a mark
    names; and the newest of each code that stands. `spot` names what of these a reading was chosen from, `in_spot` says how many
    those are, and `spot_begins` and `spot_ends` from when to when. A long text is cut.
    """
    rows = Measurement.objects.raw(
        _READINGS,
        {
            "patient": patient_id,
            "codes": array_literal(code_ids),
            "begins": scale.begins,
            "ends": scale.ends,
            "columns": bounds.columns_of(len(code_ids)),
            "limit": bounds.readings,
            "named": NAMED,
        },
    )
    return sorted(rows, key=lambda row: (row.measured_at, row.pk))


# Numbers as doubles: they only choose what is drawn, and sort several times as fast as numeric ones.
_READINGS = """
    WITH reading AS MATERIALIZED (
        SELECT id, code_id, measured_at, is_implausible, value_boolean, value_answer,
            CASE WHEN status <> 'final' THEN 'corrected' WHEN association_id IS NULL THEN 'held' ELSE 'counted' END AS state,
            width_bucket(
                extract(epoch FROM measured_at)::float8,
                extract(epoch FROM %(begins)s::timestamptz)::float8, extract(epoch FROM %(ends)s::timestamptz)::float8,
                %(columns)s
            ) AS place,
            coalesce(converted_quantity::float8, value_quantity::float8, value_boolean::int, part.low) AS low,
            coalesce(converted_quantity::float8, value_quantity::float8, value_boolean::int, part.high) AS high
        FROM observations_measurement
        LEFT JOIN LATERAL (
            SELECT min(number) AS low, max(number) AS high
            FROM jsonb_each(components) AS part,
                LATERAL (SELECT coalesce(part.value ->> 'converted', part.value ->> 'quantity')::float8) AS its (number)
        ) AS part ON components IS NOT NULL
        WHERE patient_id = %(patient)s AND code_id = ANY(%(codes)s::int[])
            AND measured_at >= %(begins)s AND measured_at <= %(ends)s
    ), newest AS MATERIALIZED (
        SELECT standing.id FROM unnest(%(codes)s::int[]) AS its (code_id)
        CROSS JOIN LATERAL (
            SELECT id FROM observations_measurement
            WHERE patient_id = %(patient)s AND code_id = its.code_id AND status = 'final'
                AND measured_at >= %(begins)s AND measured_at <= %(ends)s
            ORDER BY measured_at DESC, id DESC LIMIT 1
        ) AS standing
    ), ranked AS (
        SELECT id, measured_at, id IN (SELECT id FROM newest) AS is_newest, low IS NULL OR value_boolean IS NOT NULL AS is_event,
            count(*) OVER (PARTITION BY code_id) AS in_all, first_value(id) OVER spot AS spot, count(*) OVER spot AS in_spot,
            min(measured_at) OVER spot AS spot_begins, max(measured_at) OVER spot AS spot_ends,
            row_number() OVER (spot ORDER BY low, id) AS from_lowest,
            row_number() OVER (spot ORDER BY high DESC, id) AS from_highest
        FROM reading
        WINDOW spot AS (PARTITION BY code_id, place, state, is_implausible, value_boolean, value_answer)
    ), drawn AS (
        SELECT id, in_all, spot, in_spot, spot_begins, spot_ends FROM ranked
        WHERE from_lowest = 1 OR from_highest = 1 OR is_newest OR (is_event AND from_lowest <= %(named)s)
        -- Cut off, a code would have no newest value beside its plot; what a mark only names goes first.
        ORDER BY is_newest DESC, from_lowest = 1 OR from_highest = 1 DESC, measured_at DESC, id DESC
        LIMIT %(limit)s
    )
    SELECT id, drawn.in_all, drawn.spot, drawn.in_spot, drawn.spot_begins, drawn.spot_ends, code_id,
        value_quantity, value_boolean, value_answer, left(value_text, 100) AS value_text, components,
        unit, converted_quantity, is_implausible, measured_at, status, association_id
    FROM drawn JOIN observations_measurement USING (id)
"""
