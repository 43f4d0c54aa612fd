"""Publications apart from versions, results with all that they were computed from, failures, and backfills."""

import clinical_engine.common.identifiers
import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.functions.datetime
import observations.models.fields
from django.conf import settings
from django.contrib.postgres.operations import AddConstraintNotValid
from django.db import migrations, models


# What was published so far stands as a publication of its own.
MOVE = migrations.RunSQL(
    """
    INSERT INTO observations_publication (script_id, version_id, kind, effective_from, published_at, published_by_id, reason)
    SELECT script_id, id, 'publish', effective_from, published_at, published_by_id, ''
    FROM observations_scriptversion WHERE published_at IS NOT NULL ORDER BY published_at, number
    """,
    migrations.RunSQL.noop,
)
# A default that is not constant would write the whole table anew under a lock: what is there already counts as long ago.
CHANGED_IN = migrations.RunSQL(
    """
    ALTER TABLE observations_observation ADD COLUMN changed_in xid8 NOT NULL DEFAULT '0'::xid8;
    ALTER TABLE observations_observation ALTER COLUMN changed_in SET DEFAULT pg_current_xact_id()
    """,
    "ALTER TABLE observations_observation DROP COLUMN changed_in",
)
# The release before, whose workers run beside this one's for a while, supersedes results and knows nothing of the column. Where
# a statement says itself when the row changed, the condition is all that this costs.
CHANGED_BY_OTHERS = migrations.RunSQL(
    """
    CREATE FUNCTION observations_note_change() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        NEW.changed_in := pg_current_xact_id();
        RETURN NEW;
    END $$;
    CREATE TRIGGER observation_change_noted BEFORE UPDATE ON observations_observation FOR EACH ROW
        WHEN (NEW.superseded_at IS DISTINCT FROM OLD.superseded_at AND NEW.changed_in = OLD.changed_in)
        EXECUTE FUNCTION observations_note_change()
    """,
    """
    DROP TRIGGER observation_change_noted ON observations_observation;
    DROP FUNCTION observations_note_change()
    """,
)
IMMUTABLE = migrations.RunSQL(
    """
    CREATE FUNCTION observations_keep_published() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF OLD.published_at IS NOT NULL AND (TG_OP = 'DELETE' OR
           (NEW.id, NEW.script_id, NEW.number, NEW.language_version, NEW.source, NEW.inputs, NEW.input_order, NEW.code_id,
            NEW.outputs, NEW.test_cases, NEW.published_at) IS DISTINCT FROM
           (OLD.id, OLD.script_id, OLD.number, OLD.language_version, OLD.source, OLD.inputs, OLD.input_order, OLD.code_id,
            OLD.outputs, OLD.test_cases, OLD.published_at)) THEN
            RAISE EXCEPTION 'A published script version is never changed' USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
        RETURN NEW;
    END $$;
    CREATE TRIGGER scriptversion_published_stands BEFORE UPDATE OR DELETE ON observations_scriptversion
        FOR EACH ROW EXECUTE FUNCTION observations_keep_published();
    CREATE FUNCTION observations_keep_publication() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION 'A publication is never changed' USING ERRCODE = 'integrity_constraint_violation';
    END $$;
    CREATE TRIGGER publication_stands BEFORE UPDATE OR DELETE ON observations_publication
        FOR EACH ROW EXECUTE FUNCTION observations_keep_publication()
    """,
    """
    DROP TRIGGER publication_stands ON observations_publication;
    DROP TRIGGER scriptversion_published_stands ON observations_scriptversion;
    DROP FUNCTION observations_keep_publication();
    DROP FUNCTION observations_keep_published()
    """,
)


class Migration(migrations.Migration):

    dependencies = [
        ('observations', '0008_imports'),
        ('patients', '0005_facts'),
        ('submitters', '0001_initial'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Backfill',
            fields=[
                ('id', models.UUIDField(default=clinical_engine.common.identifiers.new_id, editable=False, primary_key=True, serialize=False)),
                ('dry_run', models.BooleanField()),
                ('since', models.DateTimeField(help_text='As of this time and later')),
                ('until', models.DateTimeField(help_text='As of this time and earlier; empty: all later ones', null=True)),
                ('reason', models.CharField(max_length=500)),
                ('rate', models.PositiveIntegerField(help_text='Patients a second at most; empty: as fast as it goes beside live work', null=True)),
                ('state', models.CharField(choices=[('running', 'Running'), ('paused', 'Paused'), ('done', 'Done'), ('cancelled', 'Cancelled')], default='running', max_length=16)),
                ('job_id', models.UUIDField(help_text='The job that works it off')),
                ('last_patient', models.UUIDField(help_text='Where the next slice begins', null=True)),
                ('started_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('finished_at', models.DateTimeField(null=True)),
                ('last_publication', models.BigIntegerField(db_default=0, help_text="The script's last publication when it began; it does what that one and those before it call for")),
                ('patients', models.PositiveIntegerField(help_text='When it began')),
                ('patients_done', models.PositiveIntegerField(db_default=0)),
                ('results', models.PositiveBigIntegerField(db_default=0, help_text='Results of the script that were looked at')),
                ('results_changed', models.PositiveBigIntegerField(db_default=0, help_text='Whose value is another one now')),
                ('results_written', models.PositiveBigIntegerField(db_default=0)),
                ('results_ended', models.PositiveBigIntegerField(db_default=0, help_text='Superseded without a new one in their place')),
                ('patients_changed', models.PositiveIntegerField(db_default=0)),
                ('patients_failed', models.PositiveIntegerField(db_default=0)),
                ('changes', models.JSONField(default=dict)),
                ('actor', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('candidate', models.ForeignKey(help_text='Evaluated instead of what is in force', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='comparisons', to='observations.scriptversion')),
                ('organisation', models.ForeignKey(db_index=False, help_text='Empty: all', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='submitters.organisation')),
                ('script', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='backfills', to='observations.observationscript')),
            ],
            options={
                'permissions': [('steer_backfill', 'Can pause, resume and cancel a backfill')],
            },
        ),
        migrations.CreateModel(
            name='BackfillExample',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('patient_id', models.UUIDField()),
                ('as_of', models.DateTimeField()),
                ('before', models.JSONField(null=True)),
                ('after', models.JSONField(null=True)),
                ('backfill', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='examples', to='observations.backfill')),
            ],
        ),
        migrations.CreateModel(
            name='Publication',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('kind', models.CharField(choices=[('publish', 'Published'), ('roll-back', 'Rolled back'), ('pin', 'Pinned'), ('unpin', 'Pin lifted'), ('withdraw', 'Withdrawn')], max_length=16)),
                ('effective_from', models.DateTimeField()),
                ('published_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('reason', models.CharField(blank=True, max_length=500)),
                ('organisation', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='submitters.organisation')),
                ('proposed_by', models.ForeignKey(blank=True, db_index=False, editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('published_by', models.ForeignKey(blank=True, db_index=False, editable=False, help_text='Nobody for what came with a release', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('script', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='publications', to='observations.observationscript')),
                ('version', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='publications', to='observations.scriptversion')),
            ],
        ),
        migrations.CreateModel(
            name='ScriptFailure',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('message', models.CharField(help_text='With line and column', max_length=300)),
                ('as_of', models.DateTimeField(help_text='The earliest time as of which it failed')),
                ('failed_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), help_text='Last')),
                ('organisation', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='submitters.organisation')),
                ('patient', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='patients.patient')),
                ('version', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='failures', to='observations.scriptversion')),
            ],
        ),
        migrations.AlterModelOptions(
            name='scriptversion',
            options={'ordering': ['script', '-number'], 'permissions': [('publish_scriptversion', 'Can publish, roll back, pin and withdraw script versions'), ('rehearse_scriptversion', "Can run a script version on a patient's data without storing results")]},
        ),
        migrations.AddField(
            model_name='observation',
            name='from_facts',
            field=django.contrib.postgres.fields.ArrayField(base_field=models.UUIDField(), db_default=[], default=list, help_text='The facts about the patient that it reads', size=None),
        ),
        migrations.AddField(
            model_name='observation',
            name='from_observations',
            field=django.contrib.postgres.fields.ArrayField(base_field=models.UUIDField(), db_default=[], default=list, help_text='The results of other scripts that it was computed from, oldest first', size=None),
        ),
        migrations.AddField(
            model_name='observation',
            name='interpretation',
            field=models.CharField(blank=True, choices=[('normal', 'Normal'), ('abnormal', 'Abnormal'), ('critical', 'Critical')], db_default='', max_length=16),
        ),
        migrations.AddField(
            model_name='scriptversion',
            name='input_order',
            field=django.contrib.postgres.fields.ArrayField(base_field=models.TextField(), db_default=[], default=list, help_text='The names of the inputs as their author declared them: jsonb keeps names in an order of its own', size=None),
        ),
        migrations.AddField(
            model_name='scriptversion',
            name='edited_at',
            field=models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False),
        ),
        migrations.AddField(
            model_name='scriptversion',
            name='edited_by',
            field=models.ForeignKey(blank=True, db_index=False, editable=False, help_text='Who wrote it, or changed it last; nobody for what came with a release', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='scriptversion',
            name='note',
            field=models.CharField(blank=True, db_default='', help_text='What it changes, and why', max_length=500),
        ),
        migrations.AddField(
            model_name='scriptversion',
            name='proposed_at',
            field=models.DateTimeField(editable=False, null=True),
        ),
        migrations.AddField(
            model_name='scriptversion',
            name='proposed_by',
            field=models.ForeignKey(blank=True, db_index=False, editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='scriptversion',
            name='proposed_effective_from',
            field=models.DateTimeField(editable=False, null=True),
        ),
        migrations.AddField(
            model_name='scriptversion',
            name='failures_in_a_row',
            field=models.PositiveIntegerField(db_default=0, editable=False, help_text='Patients for whom it failed since it last computed something'),
        ),
        migrations.AddField(
            model_name='scriptversion',
            name='suspended_as_of',
            field=models.DateTimeField(editable=False, help_text='The earliest time as of which it computed nothing meanwhile', null=True),
        ),
        migrations.AddField(
            model_name='scriptversion',
            name='suspended_at',
            field=models.DateTimeField(editable=False, null=True),
        ),
        migrations.AddField(
            model_name='scriptversion',
            name='suspended_because',
            field=models.CharField(blank=True, db_default='', editable=False, max_length=300),
        ),
        migrations.AlterField(
            model_name='scriptversion',
            name='published_at',
            field=models.DateTimeField(editable=False, help_text='For the first time', null=True),
        ),
        migrations.AddConstraint(
            model_name='scriptversion',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('proposed_at__isnull', True), ('proposed_effective_from__isnull', True)), models.Q(('proposed_at__isnull', False), ('proposed_effective_from__isnull', False)), _connector='OR'), name='script_version_proposal_whole'),
        ),
        migrations.AddConstraint(
            model_name='scriptversion',
            constraint=models.CheckConstraint(condition=models.Q(('suspended_at__isnull', True), ('published_at__isnull', False), _connector='OR'), name='script_version_suspended_when_published'),
        ),
        migrations.AddIndex(
            model_name='backfill',
            index=models.Index(condition=models.Q(('state__in', ['running', 'paused'])), fields=['-id'], name='backfill_unfinished'),
        ),
        migrations.AddConstraint(
            model_name='backfill',
            constraint=models.CheckConstraint(condition=models.Q(('state__in', ['running', 'paused', 'done', 'cancelled'])), name='backfill_state_known'),
        ),
        migrations.AddConstraint(
            model_name='backfill',
            constraint=models.CheckConstraint(condition=models.Q(('candidate__isnull', True), ('dry_run', True), _connector='OR'), name='backfill_candidate_tried_only'),
        ),
        migrations.AddConstraint(
            model_name='publication',
            constraint=models.CheckConstraint(condition=models.Q(('kind__in', ['publish', 'roll-back', 'pin', 'unpin', 'withdraw'])), name='publication_kind_known'),
        ),
        migrations.AddConstraint(
            model_name='publication',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('kind__in', ['unpin', 'withdraw']), ('version__isnull', True)), models.Q(('version__isnull', False), models.Q(('kind__in', ['unpin', 'withdraw']), _negated=True)), _connector='OR'), name='publication_version_unless_ended'),
        ),
        migrations.AddConstraint(
            model_name='publication',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('kind__in', ['pin', 'unpin']), ('organisation__isnull', False)), models.Q(('organisation__isnull', True), models.Q(('kind__in', ['pin', 'unpin']), _negated=True)), _connector='OR'), name='publication_organisation_when_pinned'),
        ),
        migrations.AddConstraint(
            model_name='publication',
            constraint=models.CheckConstraint(condition=models.Q(('published_by__isnull', True), models.Q(('published_by', models.F('proposed_by')), _negated=True), _connector='OR'), name='publication_by_second_person'),
        ),
        migrations.AddIndex(
            model_name='scriptfailure',
            index=models.Index(fields=['failed_at'], name='script_failure_lately'),
        ),
        migrations.AddConstraint(
            model_name='scriptfailure',
            constraint=models.UniqueConstraint(fields=('patient', 'version'), name='script_failure_once'),
        ),
        migrations.SeparateDatabaseAndState(
            database_operations=[CHANGED_IN],
            state_operations=[
                migrations.AddField(
                    model_name='observation',
                    name='changed_in',
                    field=observations.models.fields.TransactionIdField(db_default=observations.models.fields.ThisTransaction(), help_text='The transaction that wrote or superseded it last: what those who follow changes go by'),
                ),
            ],
        ),
        CHANGED_BY_OTHERS,
        AddConstraintNotValid(
            model_name='observation',
            constraint=models.CheckConstraint(condition=models.Q(('interpretation__in', ['', 'normal', 'abnormal', 'critical'])), name='observation_interpretation_known'),
        ),
        MOVE,
        migrations.RemoveConstraint(
            model_name='scriptversion',
            name='script_version_effective_when_published',
        ),
        # The columns stay until the release after this one: 0.1.0, whose processes run beside this one's for a while and to which one
        # can go back, reads them.
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.RemoveField(
                    model_name='scriptversion',
                    name='effective_from',
                ),
                migrations.RemoveField(
                    model_name='scriptversion',
                    name='published_by',
                ),
            ],
        ),
        IMMUTABLE,
    ]
