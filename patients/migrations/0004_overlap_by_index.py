"""The check against overlapping periods looks rows up one by one, whatever the number written.

A function's plans are kept for as long as the connection lasts. The first statement that wrote thousands of rows made one that
reads both tables whole, and every single link of that connection after it did the same.
"""

from django.db import migrations

BY_INDEX = """
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
                LIMIT 1
            ) AS overlapping
        ) THEN
            RAISE exclusion_violation USING MESSAGE = 'periods of a patient and a submitter overlap',
                CONSTRAINT = 'association_periods_do_not_overlap', TABLE = 'patients_association';
        END IF;
        RETURN NULL;
    END $$
"""
AS_SETS = """
    CREATE OR REPLACE FUNCTION patients_refuse_overlap() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        PERFORM FROM patients_patient WHERE id IN (SELECT patient_id FROM written) ORDER BY id FOR NO KEY UPDATE;
        IF EXISTS (
            SELECT FROM written JOIN patients_association other
                ON other.patient_id = written.patient_id AND other.submitter_id = written.submitter_id
                AND other.id <> written.id
                AND other.associated_at < COALESCE(written.dissociated_at, 'infinity')
                AND written.associated_at < COALESCE(other.dissociated_at, 'infinity')
        ) THEN
            RAISE exclusion_violation USING MESSAGE = 'periods of a patient and a submitter overlap',
                CONSTRAINT = 'association_periods_do_not_overlap', TABLE = 'patients_association';
        END IF;
        RETURN NULL;
    END $$
"""


class Migration(migrations.Migration):
    dependencies = [("patients", "0003_rosters")]
    operations = [migrations.RunSQL(BY_INDEX, AS_SETS)]
