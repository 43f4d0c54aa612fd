from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('profiling', '0002_captured_statements'),
    ]

    operations = [
        migrations.AddField(
            model_name='capturedstatement',
            name='lock_timeouts_week',
            field=models.PositiveBigIntegerField(db_default=0, help_text='Of the timeouts those that waited for a lock'),
        ),
        migrations.AddField(
            model_name='statementday',
            name='lock_timeouts',
            field=models.PositiveIntegerField(db_default=0, help_text='Of the timeouts'),
        ),
        migrations.AlterField(
            model_name='finding',
            name='kind',
            field=models.CharField(choices=[('grows', 'Grows towards its limit'), ('slower', 'Suddenly slower'), ('over_limit', 'Over its limit'), ('too_many', 'Too many parameters or values'), ('repeated', 'Repeated within one request')], max_length=16),
        ),
        migrations.RemoveConstraint(
            model_name='finding',
            name='finding_kind_known',
        ),
        migrations.AddConstraint(
            model_name='finding',
            constraint=models.CheckConstraint(condition=models.Q(('kind__in', ['grows', 'slower', 'over_limit', 'too_many', 'repeated'])), name='finding_kind_known'),
        ),
    ]
