"""The index and the check of the results' new columns, without a lock that would hold up whatever is computed meanwhile."""

from django.contrib.postgres.operations import AddIndexConcurrently, ValidateConstraint
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("observations", "0009_script_tables")]
    operations = [
        AddIndexConcurrently(
            model_name='observation',
            index=models.Index(fields=['organisation', 'changed_in', 'id'], name='observation_changes'),
        ),
        ValidateConstraint(model_name='observation', name='observation_interpretation_known'),
    ]
