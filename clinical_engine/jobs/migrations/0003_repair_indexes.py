"""The repair desk's indexes, made beside a running ledger."""

from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently, ValidateConstraint
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("jobs", "0002_repair")]

    operations = [
        ValidateConstraint(model_name="job", name="job_revision_whole"),
        RemoveIndexConcurrently(
            model_name='job',
            name='job_failed',
        ),
        AddIndexConcurrently(
            model_name='job',
            index=models.Index(condition=models.Q(('next_trigger', 'sweeper'), ('state__in', ('available', 'retryable'))), fields=['kind', 'queue', 'next_run_at'], name='job_suspect'),
        ),
        AddIndexConcurrently(
            model_name='job',
            index=models.Index(condition=models.Q(('state__in', ('dead', 'invalid_payload', 'cancelled'))), fields=['state', '-id'], name='job_stopped'),
        ),
        AddIndexConcurrently(
            model_name='job',
            index=models.Index(condition=models.Q(('state__in', ('dead', 'invalid_payload'))), fields=['-id'], name='job_failed'),
        ),
        AddIndexConcurrently(
            model_name='job',
            index=models.Index(condition=models.Q(('state__in', ('dead', 'invalid_payload'))), fields=['fingerprint', '-id'], name='job_failed_cause'),
        ),
        AddIndexConcurrently(
            model_name='job',
            index=models.Index(condition=models.Q(('state__in', ('dead', 'invalid_payload'))), fields=['kind', '-id'], name='job_failed_kind'),
        ),
        AddIndexConcurrently(
            model_name='job',
            index=models.Index(condition=models.Q(('state__in', ('dead', 'invalid_payload'))), fields=['queue', '-id'], name='job_failed_queue'),
        ),
        AddIndexConcurrently(
            model_name='job',
            index=models.Index(condition=models.Q(('state__in', ('dead', 'invalid_payload'))), fields=['claimed_release', '-id'], name='job_failed_release'),
        ),
        AddIndexConcurrently(
            model_name='job',
            index=models.Index(condition=models.Q(('state__in', ('dead', 'invalid_payload'))), fields=['payload_version', '-id'], name='job_failed_version'),
        ),
        AddIndexConcurrently(
            model_name='job',
            index=models.Index(condition=models.Q(('state__in', ('dead', 'invalid_payload'))), fields=['organisation_id', '-id'], name='job_failed_owner'),
        ),
        AddIndexConcurrently(
            model_name='job',
            index=models.Index(condition=models.Q(('state__in', ('dead', 'invalid_payload'))), fields=['submitter_id', '-id'], name='job_failed_submitter'),
        ),
        AddIndexConcurrently(
            model_name='job',
            index=models.Index(condition=models.Q(('state__in', ('dead', 'invalid_payload'))), fields=['finished_at'], name='job_failed_time'),
        ),
        AddIndexConcurrently(
            model_name='job',
            index=models.Index(condition=models.Q(('last_actor__isnull', False)), fields=['last_actor', '-id'], name='job_last_actor'),
        ),
    ]
