
from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('observations', '0006_catalogue_content'),
    ]

    operations = [
        migrations.AlterModelOptions(
            name='measurement',
            options={'permissions': [('export_measurement', 'Can export measurements'), ('retract_measurement', 'Can say that a measurement was entered in error')]},
        ),
    ]
