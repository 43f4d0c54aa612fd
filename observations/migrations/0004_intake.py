"""What measurements of every kind, their corrections and refusals need."""

import django.db.models.constraints
import django.db.models.deletion
import django.db.models.functions.comparison
import django.db.models.functions.datetime
import django.db.models.lookups
import observations.models.fields
import observations.models.measurements
import uuid
from django.conf import settings
from django.contrib.postgres.operations import AddConstraintNotValid
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ('observations', '0003_catalogue'),
        ('patients', '0004_overlap_by_index'),
        ('submitters', '0001_initial'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]
    operations = [
        migrations.CreateModel(
            name='CatalogueState',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('changed_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
        ),
        migrations.CreateModel(
            name='CodeAnswer',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('position', models.PositiveSmallIntegerField()),
                ('answer', models.CharField(help_text="The answer's code, as it is sent", max_length=64)),
                ('display', models.CharField(max_length=200)),
                ('score', observations.models.fields.NumericField(blank=True, help_text='What it counts in a score', null=True)),
            ],
            options={
                'ordering': ['position'],
            },
        ),
        migrations.CreateModel(
            name='CodePart',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('position', models.PositiveSmallIntegerField()),
                ('is_required', models.BooleanField(default=True)),
            ],
            options={
                'ordering': ['position'],
            },
        ),
        migrations.CreateModel(
            name='CodeUnit',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('position', models.PositiveSmallIntegerField()),
                ('unit', models.CharField(help_text='UCUM', max_length=32)),
                ('shift', observations.models.fields.NumericField(default=0)),
                ('numerator', observations.models.fields.NumericField(default=1)),
                ('denominator', observations.models.fields.NumericField(default=1)),
            ],
            options={
                'ordering': ['position'],
            },
        ),
        migrations.CreateModel(
            name='Correction',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('target_client_id', models.CharField(max_length=128)),
                ('kind', models.CharField(choices=[('replaced', 'Replaced'), ('entered-in-error', 'Entered in error')], max_length=16)),
                ('replacement_client_id', models.CharField(blank=True, db_default='', max_length=128)),
                ('reason', models.CharField(blank=True, db_default='', max_length=500)),
                ('job_id', models.UUIDField(help_text='The job that looks for the measurement')),
                ('received_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('applied_at', models.DateTimeField(help_text='When it was first seen to take effect', null=True)),
            ],
        ),
        migrations.CreateModel(
            name='RefusalCount',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('hour', models.DateTimeField(help_text='When the hour began')),
                ('code', models.CharField(blank=True, help_text='Of the catalogue, or shaped like a LOINC code; otherwise empty', max_length=32)),
                ('field', models.CharField(max_length=128)),
                ('reason', models.CharField(max_length=32)),
                ('number', models.PositiveIntegerField()),
                ('last_at', models.DateTimeField()),
            ],
            options={
                'verbose_name_plural': 'refused readings',
            },
        ),
        migrations.RemoveConstraint(
            model_name='code',
            name='code_value_kind_known',
        ),
        migrations.RemoveConstraint(
            model_name='measurement',
            name='measurement_has_one_value',
        ),
        migrations.RemoveConstraint(
            model_name='measurement',
            name='measurement_source_known',
        ),
        # The release before still reads the column; it can be dropped one release later.
        migrations.SeparateDatabaseAndState(
            state_operations=[migrations.RemoveField(model_name='code', name='units')],
            database_operations=[
                migrations.RunSQL(
                    "ALTER TABLE observations_code ALTER COLUMN units SET DEFAULT '{}'",
                    "ALTER TABLE observations_code ALTER COLUMN units DROP DEFAULT",
                )
            ],
        ),
        migrations.AddField(
            model_name='code',
            name='molar_mass',
            field=observations.models.fields.NumericField(blank=True, help_text='In g/mol, of what is measured, where mass and amount of substance may be converted into each other', null=True),
        ),
        migrations.AddField(
            model_name='code',
            name='plausible_high',
            field=observations.models.fields.NumericField(blank=True, help_text='The same for a value above it', null=True),
        ),
        migrations.AddField(
            model_name='code',
            name='plausible_low',
            field=observations.models.fields.NumericField(blank=True, help_text='In the canonical unit. A value below it is accepted, and flagged as implausible', null=True),
        ),
        migrations.AddField(
            model_name='measurement',
            name='components',
            field=models.JSONField(decoder=observations.models.fields.ExactDecoder, null=True),
        ),
        migrations.AddField(
            model_name='measurement',
            name='converted_quantity',
            field=observations.models.fields.NumericField(help_text='In the canonical unit, where it was sent in another one', null=True),
        ),
        migrations.AddField(
            model_name='measurement',
            name='is_implausible',
            field=models.BooleanField(db_default=False, help_text='Outside the plausible range that the code had when it came in'),
        ),
        migrations.AddField(
            model_name='measurement',
            name='replaces',
            field=models.CharField(blank=True, db_default='', help_text='The client_id of the measurement that it corrects', max_length=128),
        ),
        migrations.AddField(
            model_name='measurement',
            name='status',
            field=models.CharField(choices=[('final', 'Stands'), ('replaced', 'Replaced by a correction'), ('entered-in-error', 'Entered in error')], db_default='final', max_length=16),
        ),
        migrations.AddField(
            model_name='measurement',
            name='value_answer',
            field=models.CharField(help_text='The code of the answer', max_length=64, null=True),
        ),
        migrations.AddField(
            model_name='measurement',
            name='value_text',
            field=models.TextField(null=True),
        ),
        migrations.AddField(
            model_name='measurementconflict',
            name='components',
            field=models.JSONField(decoder=observations.models.fields.ExactDecoder, null=True),
        ),
        migrations.AddField(
            model_name='measurementconflict',
            name='replaces',
            field=models.CharField(blank=True, db_default='', max_length=128),
        ),
        migrations.AddField(
            model_name='measurementconflict',
            name='resolution',
            field=models.CharField(blank=True, choices=[('kept-first', 'The first stands'), ('took-second', 'The second replaced the first')], db_default='', max_length=16),
        ),
        migrations.AddField(
            model_name='measurementconflict',
            name='resolved_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='measurementconflict',
            name='resolved_because',
            field=models.CharField(blank=True, db_default='', max_length=500),
        ),
        migrations.AddField(
            model_name='measurementconflict',
            name='resolved_by',
            field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='measurementconflict',
            name='utc_offset_minutes',
            field=models.SmallIntegerField(db_default=0),
        ),
        migrations.AddField(
            model_name='measurementconflict',
            name='value_answer',
            field=models.CharField(help_text='The code of the answer', max_length=64, null=True),
        ),
        migrations.AddField(
            model_name='measurementconflict',
            name='value_text',
            field=models.TextField(null=True),
        ),
        migrations.AlterField(
            model_name='code',
            name='value_kind',
            field=models.CharField(choices=[('quantity', 'Quantity'), ('boolean', 'Yes or no'), ('coded', 'One of several answers'), ('text', 'Text'), ('components', 'Several values of one reading'), ('questionnaire', 'Questionnaire, answered item by item')], default='quantity', max_length=16),
        ),
        migrations.AlterField(
            model_name='measurement',
            name='source',
            field=models.CharField(choices=[('api', 'API'), ('fhir', 'FHIR'), ('import', 'Import'), ('staff', 'Staff')], max_length=8),
        ),
        migrations.AlterField(
            model_name='measurementconflict',
            name='unit',
            field=models.CharField(blank=True, default='', help_text='UCUM, as sent', max_length=32),
        ),
        migrations.AlterField(
            model_name='measurementconflict',
            name='value_quantity',
            field=observations.models.fields.NumericField(help_text='As sent', null=True),
        ),
        migrations.AddConstraint(
            model_name='code',
            constraint=models.CheckConstraint(condition=models.Q(('value_kind__in', ['quantity', 'boolean', 'coded', 'text', 'components', 'questionnaire'])), name='code_value_kind_known'),
        ),
        AddConstraintNotValid(
            model_name='measurement',
            constraint=models.CheckConstraint(condition=django.db.models.lookups.Exact(observations.models.measurements._NumberOfValues(models.F('value_quantity'), models.F('value_boolean'), models.F('value_answer'), models.F('value_text'), models.F('components')), 1), name='measurement_has_one_value'),
        ),
        AddConstraintNotValid(
            model_name='measurement',
            constraint=models.CheckConstraint(condition=models.Q(('source__in', ['api', 'fhir', 'import', 'staff'])), name='measurement_source_known'),
        ),
        AddConstraintNotValid(
            model_name='measurement',
            constraint=models.CheckConstraint(condition=models.Q(('status__in', ['final', 'replaced', 'entered-in-error'])), name='measurement_status_known'),
        ),
        migrations.AddField(
            model_name='codeanswer',
            name='code',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='answers', to='observations.code'),
        ),
        migrations.AddField(
            model_name='codepart',
            name='panel',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='parts', to='observations.code'),
        ),
        migrations.AddField(
            model_name='codepart',
            name='part',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='observations.code'),
        ),
        migrations.AddField(
            model_name='codeunit',
            name='code',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='units', to='observations.code'),
        ),
        migrations.AddField(
            model_name='correction',
            name='actor',
            field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='correction',
            name='api_client',
            field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='submitters.apiclient'),
        ),
        migrations.AddField(
            model_name='correction',
            name='organisation',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='submitters.organisation'),
        ),
        migrations.AddField(
            model_name='refusalcount',
            name='api_client',
            field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='submitters.apiclient'),
        ),
        migrations.AddField(
            model_name='refusalcount',
            name='organisation',
            field=models.ForeignKey(db_index=False, help_text='Empty for a request that could not be read as a whole', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='submitters.organisation'),
        ),
        migrations.AddConstraint(
            model_name='codeanswer',
            constraint=models.UniqueConstraint(fields=('code', 'answer'), name='code_answer_once'),
        ),
        migrations.AddConstraint(
            model_name='codepart',
            constraint=models.UniqueConstraint(fields=('panel', 'part'), name='code_part_once'),
        ),
        migrations.AddConstraint(
            model_name='codeunit',
            constraint=models.UniqueConstraint(fields=('code', 'unit'), name='code_unit_once'),
        ),
        migrations.AddConstraint(
            model_name='codeunit',
            constraint=models.UniqueConstraint(deferrable=django.db.models.constraints.Deferrable['DEFERRED'], fields=('code', 'position'), name='code_unit_position_once'),
        ),
        migrations.AddIndex(
            model_name='correction',
            index=models.Index(condition=models.Q(('applied_at', None)), fields=['organisation', 'target_client_id'], name='correction_pending'),
        ),
        migrations.AddIndex(
            model_name='correction',
            index=models.Index(condition=models.Q(('applied_at', None)), fields=['job_id'], name='correction_of_job'),
        ),
        migrations.AddConstraint(
            model_name='correction',
            constraint=models.UniqueConstraint(fields=('organisation', 'target_client_id', 'kind'), name='correction_once'),
        ),
        migrations.AddConstraint(
            model_name='correction',
            constraint=models.CheckConstraint(condition=models.Q(('kind__in', ['replaced', 'entered-in-error'])), name='correction_kind_known'),
        ),
        migrations.AddConstraint(
            model_name='refusalcount',
            constraint=models.UniqueConstraint(models.F('hour'), django.db.models.functions.comparison.Coalesce('organisation', models.Value(uuid.UUID('00000000-0000-0000-0000-000000000000'))), django.db.models.functions.comparison.Coalesce('api_client', models.Value(uuid.UUID('00000000-0000-0000-0000-000000000000'))), models.F('code'), models.F('field'), models.F('reason'), name='refusal_count_once'),
        ),
    ]
