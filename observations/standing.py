"""Whether a measurement stands: what was said of it, brought to its row under its patient's lock."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from clinical_engine.common.database import array_literal, execute


def apply_corrections(dirty_from: Mapping[UUID, datetime]) -> None:
    """Take back the measurements of these patients, each since its time, that corrections name which have not taken effect yet.

    One that was replaced and entered in error was entered in error, whatever came first.
    """
    execute(
        """
        WITH found AS (
            SELECT correction.id, correction.kind, measurement.id AS measurement_id
            FROM unnest(%s::uuid[], %s::timestamptz[]) AS dirty (patient_id, since)
            JOIN observations_measurement measurement
                 ON measurement.patient_id = dirty.patient_id AND measurement.measured_at >= dirty.since
            -- One look into a nearly empty index for each measurement: joined as sets, all corrections that wait would be read.
            CROSS JOIN LATERAL (
                SELECT id, kind FROM observations_correction correction
                WHERE correction.organisation_id = measurement.organisation_id
                  AND correction.target_client_id = measurement.client_id AND correction.applied_at IS NULL
                  AND (correction.kind = 'entered-in-error' OR EXISTS (
                      SELECT FROM observations_measurement replacement
                      WHERE replacement.organisation_id = correction.organisation_id
                        AND replacement.client_id = correction.replacement_client_id
                        AND replacement.replaces = correction.target_client_id
                  ))
                LIMIT 2
            ) AS correction
        ), applied AS (
            UPDATE observations_correction SET applied_at = now() FROM found WHERE observations_correction.id = found.id
        )
        UPDATE observations_measurement measurement SET status = taken_back.status
        FROM (
            -- 'entered-in-error' is the smaller word.
            SELECT measurement_id, min(kind) AS status FROM found GROUP BY measurement_id
        ) AS taken_back
        WHERE measurement.id = taken_back.measurement_id AND measurement.status <> 'entered-in-error'
        """,
        [array_literal(dirty_from), array_literal(dirty_from.values())],
    )
