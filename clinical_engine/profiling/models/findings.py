"""What the machine found wrong with a statement, and who looks after it until when."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q, Value
from django.db.models.functions import Now

from clinical_engine.profiling.models.captured import CapturedStatement


class FindingKind(models.TextChoices):
    """What is wrong."""

    GROWS = "grows", "Grows towards its limit"
    SLOWER = "slower", "Suddenly slower"
    OVER_LIMIT = "over_limit", "Over its limit"
    TOO_MANY = "too_many", "Too many parameters or values"
    REPEATED = "repeated", "Repeated within one request"


class Finding(models.Model):
    """A statement that somebody has to look at. Open until a person closes it; it is never opened twice at once."""

    statement = models.ForeignKey(CapturedStatement, on_delete=models.CASCADE, related_name="findings")
    kind = models.CharField(max_length=16, choices=FindingKind)
    told = models.CharField(
        max_length=500, help_text="What was found, in a sentence; brought up to date while it is open"
    )
    severity = models.FloatField(
        default=0,
        help_text="How bad; comparable with that of the same kind only, and 0 where nobody measures it",
    )
    release = models.CharField(max_length=200, help_text="Which ran when it was found")
    found_at = models.DateTimeField(db_default=Now())
    seen_at = models.DateTimeField(db_default=Now(), help_text="When it was last found to be so")
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    note = models.CharField(max_length=2000, blank=True, default="")
    due_on = models.DateField(help_text="By when somebody has to have decided")
    closed_at = models.DateTimeField(null=True)
    closed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, db_index=False, related_name="+"
    )
    closed_because = models.CharField(max_length=500, blank=True, default="", db_default="")
    version = models.PositiveIntegerField(
        default=0,
        db_default=0,
        help_text="How often people saved it: who saves says which of these was on the screen",
    )
    put_off = models.PositiveIntegerField(
        default=0, db_default=0, help_text="How often people moved the due date away"
    )
    # No table of its own: releases that know none delete findings, and rows that refer to one would stop them.
    former = models.JSONField(
        default=list,
        db_default=Value([], models.JSONField()),
        help_text="What stood before each save, oldest first, as `profiling.findings.former` writes it",
    )

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(kind__in=FindingKind.values), name="finding_kind_known"),
            models.UniqueConstraint(
                fields=["statement", "kind"], condition=Q(closed_at=None), name="finding_open_once"
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["due_on"], condition=Q(closed_at=None), name="finding_due"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.statement.fingerprint}"
