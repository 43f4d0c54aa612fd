"""Since when a version's failures are counted, so that one patient counts once."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("observations", "0012_conflicts_of_a_patient")]
    operations = [
        migrations.AddField(
            model_name="scriptversion",
            name="failing_since",
            field=models.DateTimeField(
                editable=False, help_text="When the first of them failed, while there is any", null=True
            ),
        ),
    ]
