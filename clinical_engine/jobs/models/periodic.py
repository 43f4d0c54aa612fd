"""Periodic work."""

from django.db import models


class PeriodicRun(models.Model):
    """When a piece of periodic work was last done: a schedule that has stopped must be seen."""

    name = models.CharField(max_length=64, primary_key=True)
    last_run_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name
