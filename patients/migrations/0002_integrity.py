"""What Django cannot declare: composite foreign keys, and the trigger against overlapping periods."""

from django.db import migrations

PAIR = [
    ("patient_of_organisation", "(patient_id, organisation_id)", "patients_patient (id, organisation_id)"),
    ("submitter_of_organisation", "(submitter_id, organisation_id)", "submitters_submitter (id, organisation_id)"),
]


def add_key(table: str, name: str, columns: str, target: str) -> migrations.RunSQL:
    constraint = f"{table}_{name}"
    return migrations.RunSQL(
        f"ALTER TABLE {table} ADD CONSTRAINT {constraint} FOREIGN KEY {columns} REFERENCES {target}",
        f"ALTER TABLE {table} DROP CONSTRAINT {constraint}",
    )


class Migration(migrations.Migration):
    dependencies = [("patients", "0001_initial"), ("submitters", "0001_initial")]
    operations = [
        *(add_key("patients_statement", *key) for key in PAIR),
        *(add_key("patients_association", *key) for key in PAIR),
        migrations.RunSQL(
            """
            CREATE FUNCTION patients_refuse_overlap() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
                -- The patients' locks make the check safe against another transaction that writes the same pair; they are
                -- taken in key order, as everywhere.
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
            END $$;
            CREATE TRIGGER association_inserted AFTER INSERT ON patients_association
                REFERENCING NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION patients_refuse_overlap();
            CREATE TRIGGER association_updated AFTER UPDATE ON patients_association
                REFERENCING NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION patients_refuse_overlap();
            """,
            """
            DROP TRIGGER association_updated ON patients_association;
            DROP TRIGGER association_inserted ON patients_association;
            DROP FUNCTION patients_refuse_overlap();
            """,
        ),
    ]
