"""Dated facts about patients, the composite key that ties them to their organisation, and a trigger that keeps them as they are."""

import clinical_engine.common.identifiers
import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models

KEEP = """
    CREATE FUNCTION patients_keep_fact() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE integrity_constraint_violation USING MESSAGE = 'what was said about a patient is never rewritten',
            CONSTRAINT = 'fact_kept', TABLE = TG_TABLE_NAME;
    END $$;
    CREATE TRIGGER fact_kept BEFORE UPDATE ON patients_patientfact
        FOR EACH ROW EXECUTE FUNCTION patients_keep_fact();
    CREATE TRIGGER fact_kept BEFORE UPDATE ON patients_factretraction
        FOR EACH ROW EXECUTE FUNCTION patients_keep_fact();
"""
FORGET = """
    DROP TRIGGER fact_kept ON patients_factretraction;
    DROP TRIGGER fact_kept ON patients_patientfact;
    DROP FUNCTION patients_keep_fact();
"""


class Migration(migrations.Migration):

    dependencies = [
        ('patients', '0004_overlap_by_index'),
        ('submitters', '0001_initial'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='PatientFact',
            fields=[
                ('id', models.UUIDField(default=clinical_engine.common.identifiers.new_id, editable=False, primary_key=True, serialize=False)),
                ('name', models.CharField(choices=[('sex', 'Sex'), ('birth_year', 'Birth year'), ('spo2_scale', 'SpO2 scale')], max_length=16)),
                ('value', models.CharField(max_length=8)),
                ('effective_from', models.DateTimeField()),
                ('client_id', models.CharField(db_collation='C', help_text="The sender's own id of the fact", max_length=128)),
                ('source', models.CharField(choices=[('api', 'API'), ('staff', 'Staff')], max_length=8)),
                ('reason', models.CharField(blank=True, db_default='', help_text='Why staff stated it', max_length=500)),
                ('recorded_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('actor', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('api_client', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='submitters.apiclient')),
                ('organisation', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='submitters.organisation')),
                ('patient', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='facts', to='patients.patient')),
            ],
            options={
                'permissions': [('retract_patientfact', 'Can say that a fact was entered in error')],
            },
        ),
        migrations.CreateModel(
            name='FactConflict',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('external_id', models.CharField(max_length=128)),
                ('name', models.CharField(choices=[('sex', 'Sex'), ('birth_year', 'Birth year'), ('spo2_scale', 'SpO2 scale')], max_length=16)),
                ('value', models.CharField(max_length=8)),
                ('effective_from', models.DateTimeField()),
                ('received_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('organisation', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='submitters.organisation')),
                ('fact', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='conflicts', to='patients.patientfact')),
            ],
        ),
        migrations.CreateModel(
            name='FactRetraction',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('client_id', models.CharField(db_collation='C', help_text="The fact's client_id", max_length=128)),
                ('reason', models.CharField(max_length=500)),
                ('source', models.CharField(choices=[('api', 'API'), ('staff', 'Staff')], max_length=8)),
                ('recorded_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('actor', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('api_client', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='submitters.apiclient')),
                ('organisation', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='submitters.organisation')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('organisation', 'client_id'), name='fact_retraction_once'), models.CheckConstraint(condition=models.Q(('source__in', ['api', 'staff'])), name='fact_retraction_source_known')],
            },
        ),
        migrations.AddIndex(
            model_name='patientfact',
            index=models.Index(fields=['patient', 'effective_from', 'client_id'], name='fact_of_patient'),
        ),
        migrations.AddConstraint(
            model_name='patientfact',
            constraint=models.UniqueConstraint(fields=('organisation', 'client_id'), name='fact_client_id_once'),
        ),
        migrations.AddConstraint(
            model_name='patientfact',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('name', 'sex'), ('value__in', ('female', 'male', 'other'))), models.Q(('name', 'birth_year'), ('value__regex', '^(18[89]\\d|19\\d\\d|20\\d\\d|2100)$')), models.Q(('name', 'spo2_scale'), ('value__in', ['1', '2'])), _connector='OR'), name='fact_value_known'),
        ),
        migrations.AddConstraint(
            model_name='patientfact',
            constraint=models.CheckConstraint(condition=models.Q(('source__in', ['api', 'staff'])), name='fact_source_known'),
        ),
        migrations.RunSQL(
            "ALTER TABLE patients_patientfact ADD CONSTRAINT patients_patientfact_patient_of_organisation"
            " FOREIGN KEY (patient_id, organisation_id) REFERENCES patients_patient (id, organisation_id)",
            "ALTER TABLE patients_patientfact DROP CONSTRAINT patients_patientfact_patient_of_organisation",
        ),
        migrations.RunSQL(KEEP, FORGET),
    ]
