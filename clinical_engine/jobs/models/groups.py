"""Failed work by cause, counted from time to time."""

from django.db import models


class FailureGroup(models.Model):
    """The failed jobs of one fingerprint, as they were counted last: too many to be counted for each look at the desk."""

    fingerprint = models.CharField(max_length=16, primary_key=True)
    jobs = models.PositiveIntegerField()
    patients = models.PositiveIntegerField()
    organisations = models.PositiveIntegerField()
    kinds = models.JSONField(help_text="Names")
    releases = models.JSONField(help_text="Names of the releases that tried last")
    error = models.CharField(max_length=512)
    first_failed_at = models.DateTimeField()
    last_failed_at = models.DateTimeField()
    hours = models.JSONField(help_text="How many failed in each of the last 48 hours, the oldest first")
    counted_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.fingerprint
