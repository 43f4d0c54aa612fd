"""What people made of payloads that no release could read."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models.functions import Now

from clinical_engine.jobs.models.jobs import Job


class PayloadRevision(models.Model):
    """One edit of a job's payload, whole. Append-only: the next edit is the next revision, the original stays as it was."""

    id = models.BigAutoField(primary_key=True)
    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="revisions", db_index=False)
    number = models.PositiveIntegerField()
    payload = models.JSONField()
    payload_version = models.PositiveSmallIntegerField()
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    reason = models.TextField()
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints: ClassVar = [
            # Two people who edit at once: the second one's number is taken, and nothing of theirs is written.
            models.UniqueConstraint(fields=["job", "number"], name="revision_number_once")
        ]

    def __str__(self) -> str:
        return f"revision {self.number}"
