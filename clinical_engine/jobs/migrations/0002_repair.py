"""What repairing needs: revisions of payloads, circuits, bulk re-runs, counted groups of failures."""

import clinical_engine.common.identifiers
import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.contrib.postgres.operations import AddConstraintNotValid
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('jobs', '0001_initial'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Circuit',
            fields=[
                ('kind', models.CharField(max_length=64, primary_key=True, serialize=False)),
                ('failures', models.PositiveIntegerField(help_text='Batches that failed in a row')),
                ('open_until', models.DateTimeField(help_text='Nothing of the kind is started before; then one job is tried. Null while it is closed', null=True)),
                ('opened_at', models.DateTimeField(null=True)),
                ('last_failed_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('error', models.CharField(help_text='What the last failure was, without values', max_length=512)),
                ('fingerprint', models.CharField(max_length=16)),
            ],
            options={
                'permissions': [('close_circuit', 'Can close a circuit before its time')],
            },
        ),
        migrations.CreateModel(
            name='FailureGroup',
            fields=[
                ('fingerprint', models.CharField(max_length=16, primary_key=True, serialize=False)),
                ('jobs', models.PositiveIntegerField()),
                ('patients', models.PositiveIntegerField()),
                ('organisations', models.PositiveIntegerField()),
                ('kinds', models.JSONField(help_text='Names')),
                ('releases', models.JSONField(help_text='Names of the releases that tried last')),
                ('error', models.CharField(max_length=512)),
                ('first_failed_at', models.DateTimeField()),
                ('last_failed_at', models.DateTimeField()),
                ('hours', models.JSONField(help_text='How many failed in each of the last 48 hours, the oldest first')),
                ('counted_at', models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name='PayloadRevision',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('number', models.PositiveIntegerField()),
                ('payload', models.JSONField()),
                ('payload_version', models.PositiveSmallIntegerField()),
                ('reason', models.TextField()),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
        ),
        migrations.CreateModel(
            name='Rerun',
            fields=[
                ('id', models.UUIDField(default=clinical_engine.common.identifiers.new_id, editable=False, primary_key=True, serialize=False)),
                ('filter', models.JSONField(help_text='What the jobs were chosen by; the choice itself is frozen in the items')),
                ('reason', models.TextField()),
                ('state', models.CharField(choices=[('canary', 'Trying the first few'), ('running', 'Running'), ('paused', 'Paused'), ('cancelled', 'Cancelled'), ('finished', 'Finished')], max_length=16)),
                ('paused_because', models.CharField(blank=True, db_default='', max_length=512)),
                ('rate', models.PositiveIntegerField(help_text='Jobs that are set going each second, at most')),
                ('canary', models.PositiveIntegerField(help_text='Jobs that are tried, and waited for, before the others')),
                ('failed_share', models.PositiveSmallIntegerField(help_text='Per cent of the jobs that ended since it was started or resumed; when more failed again it pauses')),
                ('total', models.PositiveIntegerField()),
                ('started', models.PositiveIntegerField(db_default=0, help_text='The cursor: items up to here were set going or skipped')),
                ('succeeded', models.PositiveIntegerField(db_default=0)),
                ('failed', models.PositiveIntegerField(db_default=0)),
                ('skipped', models.PositiveIntegerField(db_default=0, help_text='Jobs that somebody else had set going, cancelled or discarded meanwhile')),
                ('ended_since_resume', models.PositiveIntegerField(db_default=0)),
                ('failed_since_resume', models.PositiveIntegerField(db_default=0)),
                ('driver_id', models.UUIDField(help_text='The job that drives it; an earlier one that is still about stops by itself')),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('resumed_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), help_text='When it was started, or resumed last')),
                ('last_slice_at', models.DateTimeField(null=True)),
                ('finished_at', models.DateTimeField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name='RerunItem',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('position', models.PositiveIntegerField(help_text='From 1; the canary comes first')),
                ('job_id', models.UUIDField()),
                ('attempts_before', models.PositiveIntegerField(help_text='Attempts that the job had made when it was chosen; more, and somebody else has run it meanwhile')),
                ('outcome', models.CharField(choices=[('waiting', 'Not set going yet'), ('running', 'Set going'), ('succeeded', 'Succeeded'), ('failed', 'Failed again'), ('skipped', 'Left alone')], db_default='waiting', max_length=16)),
                ('fingerprint', models.CharField(blank=True, db_default='', help_text='Of the failure, where it failed again', max_length=16)),
            ],
        ),
        migrations.AlterModelOptions(
            name='job',
            options={'permissions': [('run_job_again', 'Can run a failed job again'), ('cancel_job', 'Can cancel a job that waits'), ('discard_job', 'Can discard a failed job'), ('revise_payload', 'Can edit the payload of a failed job')]},
        ),
        migrations.AddField(
            model_name='job',
            name='last_actor',
            field=models.ForeignKey(db_index=False, help_text='Who last ran, edited, cancelled or discarded it', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='job',
            name='revised_payload',
            field=models.JSONField(help_text='The last revision by a person; worked on instead of the payload', null=True),
        ),
        migrations.AddField(
            model_name='job',
            name='revised_version',
            field=models.PositiveSmallIntegerField(null=True),
        ),
        migrations.AddField(
            model_name='payloadrevision',
            name='actor',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='payloadrevision',
            name='job',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='revisions', to='jobs.job'),
        ),
        migrations.AddField(
            model_name='rerun',
            name='actor',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='rerunitem',
            name='rerun',
            field=models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='items', to='jobs.rerun'),
        ),
        migrations.AddConstraint(
            model_name='payloadrevision',
            constraint=models.UniqueConstraint(fields=('job', 'number'), name='revision_number_once'),
        ),
        migrations.AddIndex(
            model_name='rerun',
            index=models.Index(condition=models.Q(('state__in', ['finished', 'cancelled']), _negated=True), fields=['-id'], name='rerun_unfinished'),
        ),
        migrations.AddConstraint(
            model_name='rerun',
            constraint=models.CheckConstraint(condition=models.Q(('state__in', ['canary', 'running', 'paused', 'cancelled', 'finished'])), name='rerun_state_known'),
        ),
        migrations.AddConstraint(
            model_name='rerun',
            constraint=models.CheckConstraint(condition=models.Q(('started__lte', models.F('total'))), name='rerun_within_selection'),
        ),
        migrations.AddConstraint(
            model_name='rerun',
            constraint=models.CheckConstraint(condition=models.Q(('rate__gte', 1)), name='rerun_moves'),
        ),
        migrations.AddConstraint(
            model_name='rerun',
            constraint=models.CheckConstraint(condition=models.Q(('failed_share__lte', 100)), name='rerun_share_in_per_cent'),
        ),
        migrations.AddIndex(
            model_name='rerunitem',
            index=models.Index(condition=models.Q(('outcome', 'running')), fields=['rerun'], name='rerun_item_running'),
        ),
        migrations.AddIndex(
            model_name='rerunitem',
            index=models.Index(condition=models.Q(('outcome', 'failed')), fields=['rerun', 'fingerprint', '-id'], name='rerun_item_failed'),
        ),
        migrations.AddIndex(
            model_name='rerunitem',
            index=models.Index(fields=['job_id'], name='rerun_item_job'),
        ),
        migrations.AddConstraint(
            model_name='rerunitem',
            constraint=models.UniqueConstraint(fields=('rerun', 'position'), name='rerun_item_position_once'),
        ),
        migrations.AddConstraint(
            model_name='rerunitem',
            constraint=models.CheckConstraint(condition=models.Q(('outcome__in', ['waiting', 'running', 'succeeded', 'failed', 'skipped'])), name='rerun_item_outcome_known'),
        ),
        AddConstraintNotValid(
            model_name='job',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('revised_payload__isnull', True), ('revised_version__isnull', True)), models.Q(('revised_payload__isnull', False), ('revised_version__isnull', False)), _connector='OR'), name='job_revision_whole'),
        ),
        migrations.RunSQL(
            """
            CREATE FUNCTION jobs_keep_payload() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
                RAISE integrity_constraint_violation USING MESSAGE = 'the payload of an accepted job is never rewritten',
                    CONSTRAINT = 'job_payload_kept', TABLE = 'jobs_job';
            END $$;
            CREATE TRIGGER job_payload_kept BEFORE UPDATE OF payload, payload_version ON jobs_job
                FOR EACH ROW WHEN ((OLD.payload, OLD.payload_version) IS DISTINCT FROM (NEW.payload, NEW.payload_version))
                EXECUTE FUNCTION jobs_keep_payload();
            """,
            """
            DROP TRIGGER job_payload_kept ON jobs_job;
            DROP FUNCTION jobs_keep_payload();
            """,
        ),
    ]
