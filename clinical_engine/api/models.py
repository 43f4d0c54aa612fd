"""Answers that are kept for requests which are sent again."""

from django.db import models
from django.db.models.functions import Now


class StoredAnswer(models.Model):
    """What a request with an `Idempotency-Key` was answered, written in the transaction that did what was asked for."""

    # Of client, operation and key, which is not stored itself: it is the client's, and may be anything. The key of the table,
    # since a row is only ever looked for by it.
    digest = models.BinaryField(primary_key=True, max_length=32)
    fingerprint = models.BinaryField(max_length=32)
    status = models.PositiveSmallIntegerField()
    media_type = models.CharField(max_length=64)
    location = models.CharField(max_length=255, blank=True)
    body = models.BinaryField()
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        default_permissions = ()
        # Pruning looks for the oldest.
        indexes = [models.Index(fields=["created_at"], name="storedanswer_created_at")]

    def __str__(self) -> str:
        return f"Answer {self.status} of {self.created_at}"
