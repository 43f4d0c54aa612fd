"""What Django cannot declare: composite foreign keys that tie a row's organisation to its patient's."""

from django.db import migrations


def add_key(table: str) -> migrations.RunSQL:
    constraint = f"{table}_patient_of_organisation"
    return migrations.RunSQL(
        f"ALTER TABLE {table} ADD CONSTRAINT {constraint} FOREIGN KEY (patient_id, organisation_id)"
        " REFERENCES patients_patient (id, organisation_id)",
        f"ALTER TABLE {table} DROP CONSTRAINT {constraint}",
    )


class Migration(migrations.Migration):
    dependencies = [("observations", "0001_initial"), ("patients", "0002_integrity")]
    operations = [add_key("observations_measurement"), add_key("observations_observation")]
