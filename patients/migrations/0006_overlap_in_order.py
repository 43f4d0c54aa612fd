"""The check against overlapping periods uses the index whatever the statistics say.

Without an order the planner reads the whole table for each row that is written, when it believes that nearly any row matches, so
that the first will be found at once: after a pilot of a few patients with many periods, the first large roster took minutes.
"""

from django.db import migrations

FUNCTION = """
    CREATE OR REPLACE FUNCTION patients_refuse_overlap() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        -- The patients' locks make the check safe against another transaction that writes the same pair; they are taken in key
        -- order, as everywhere.
        PERFORM FROM (SELECT DISTINCT patient_id FROM written ORDER BY patient_id) AS patient
            CROSS JOIN LATERAL (
                SELECT FROM patients_patient WHERE id = patient.patient_id FOR NO KEY UPDATE
            ) AS locked;
        IF EXISTS (
            SELECT FROM written CROSS JOIN LATERAL (
                SELECT FROM patients_association other
                WHERE other.patient_id = written.patient_id AND other.submitter_id = written.submitter_id
                    AND other.id <> written.id
                    AND other.associated_at < COALESCE(written.dissociated_at, 'infinity')
                    AND written.associated_at < COALESCE(other.dissociated_at, 'infinity')
                {order} LIMIT 1
            ) AS overlapping
        ) THEN
            RAISE exclusion_violation USING MESSAGE = 'periods of a patient and a submitter overlap',
                CONSTRAINT = 'association_periods_do_not_overlap', TABLE = 'patients_association';
        END IF;
        RETURN NULL;
    END $$
"""


class Migration(migrations.Migration):
    dependencies = [("patients", "0005_facts")]
    operations = [
        migrations.RunSQL(
            FUNCTION.format(order="ORDER BY other.associated_at"),
            FUNCTION.format(order=""),
        )
    ]
