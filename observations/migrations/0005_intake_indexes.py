"""Indexes and checks of the intake's new columns, without a lock that would hold up whatever comes in meanwhile."""

from django.contrib.postgres.operations import AddIndexConcurrently, ValidateConstraint
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("observations", "0004_intake")]
    operations = [
        AddIndexConcurrently(
            model_name='measurement',
            index=models.Index(condition=models.Q(('is_implausible', True)), fields=['-id'], name='measurement_implausible'),
        ),
        AddIndexConcurrently(
            model_name='measurement',
            index=models.Index(condition=models.Q(('status', 'final'), _negated=True), fields=['-id'], name='measurement_corrected'),
        ),
        AddIndexConcurrently(
            model_name='measurementconflict',
            index=models.Index(condition=models.Q(('resolved_at', None)), fields=['-id'], name='conflict_unresolved'),
        ),
        ValidateConstraint(model_name='measurement', name='measurement_has_one_value'),
        ValidateConstraint(model_name='measurement', name='measurement_source_known'),
        ValidateConstraint(model_name='measurement', name='measurement_status_known'),
    ]
