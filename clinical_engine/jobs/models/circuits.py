"""Kinds of work whose dependency is broken."""

from typing import ClassVar

from django.db import models
from django.db.models.functions import Now


class Circuit(models.Model):
    """A kind whose batches have failed in a row because something they need does not answer. A success removes the row."""

    kind = models.CharField(max_length=64, primary_key=True)
    failures = models.PositiveIntegerField(help_text="Batches that failed in a row")
    open_until = models.DateTimeField(
        null=True,
        help_text="Nothing of the kind is started before; then one job is tried. Null while it is closed",
    )
    opened_at = models.DateTimeField(null=True)
    last_failed_at = models.DateTimeField(db_default=Now())
    error = models.CharField(max_length=512, help_text="What the last failure was, without values")
    fingerprint = models.CharField(max_length=16)

    class Meta:
        permissions: ClassVar = [("close_circuit", "Can close a circuit before its time")]

    def __str__(self) -> str:
        return self.kind
