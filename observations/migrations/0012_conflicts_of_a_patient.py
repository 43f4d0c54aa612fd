"""What a patient's page looks for: the conflicts about the patient that nobody has resolved."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("observations", "0011_library_codes")]
    operations = [
        AddIndexConcurrently(
            model_name="measurementconflict",
            index=models.Index(
                condition=models.Q(("resolved_at", None)),
                fields=["organisation", "external_id"],
                name="conflict_of_patient",
            ),
        ),
    ]
