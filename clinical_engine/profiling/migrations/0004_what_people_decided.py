from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('profiling', '0003_findings_and_lock_timeouts'),
    ]

    operations = [
        migrations.AddField(
            model_name='finding',
            name='closed_because',
            field=models.CharField(blank=True, db_default='', default='', max_length=500),
        ),
        migrations.AddField(
            model_name='finding',
            name='former',
            field=models.JSONField(db_default=models.Value([], models.JSONField()), default=list, help_text='What stood before each save, oldest first, as `profiling.findings.former` writes it'),
        ),
        migrations.AddField(
            model_name='finding',
            name='put_off',
            field=models.PositiveIntegerField(db_default=0, default=0, help_text='How often people moved the due date away'),
        ),
        migrations.AddField(
            model_name='finding',
            name='version',
            field=models.PositiveIntegerField(db_default=0, default=0, help_text='How often people saved it: who saves says which of these was on the screen'),
        ),
        migrations.AddField(
            model_name='profilingwindow',
            name='stopped_because',
            field=models.CharField(blank=True, db_default='', default='', max_length=500),
        ),
    ]
