"""Bulk recomputing: of what a script gave over a period, or only of what another version would have given."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from clinical_engine.common.models import IdentifiedModel
from observations.models.scripts import ObservationScript, ScriptVersion
from submitters.models import Organisation


class BackfillState(models.TextChoices):
    """How far a backfill has come."""

    RUNNING = "running", "Running"
    PAUSED = "paused", "Paused"
    DONE = "done", "Done"
    CANCELLED = "cancelled", "Cancelled"


class Backfill(IdentifiedModel):
    """Every result of a script as of a period brought current, patient by patient, in an organisation or in all.

    A dry run stores nothing but what would change; with a candidate it tells what would be if that version were in force.
    `changes` maps each output to what became of it, as `observations.backfill.changes` describes.
    """

    script = models.ForeignKey(ObservationScript, on_delete=models.PROTECT, related_name="backfills")
    organisation = models.ForeignKey(
        Organisation,
        on_delete=models.PROTECT,
        null=True,
        db_index=False,
        related_name="+",
        help_text="Empty: all",
    )
    candidate = models.ForeignKey(
        ScriptVersion,
        on_delete=models.PROTECT,
        null=True,
        related_name="comparisons",
        help_text="Evaluated instead of what is in force",
    )
    dry_run = models.BooleanField()
    since = models.DateTimeField(help_text="As of this time and later")
    until = models.DateTimeField(null=True, help_text="As of this time and earlier; empty: all later ones")
    reason = models.CharField(max_length=500)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, db_index=False, related_name="+"
    )
    rate = models.PositiveIntegerField(
        null=True, help_text="Patients a second at most; empty: as fast as it goes beside live work"
    )
    state = models.CharField(max_length=16, choices=BackfillState, default=BackfillState.RUNNING)
    job_id = models.UUIDField(help_text="The job that works it off")
    last_patient = models.UUIDField(null=True, help_text="Where the next slice begins")
    started_at = models.DateTimeField(db_default=Now())
    finished_at = models.DateTimeField(null=True)

    last_publication = models.BigIntegerField(
        db_default=0,
        help_text="The script's last publication when it began; it does what that one and those before it call for",
    )
    patients = models.PositiveIntegerField(help_text="When it began")
    patients_done = models.PositiveIntegerField(db_default=0)
    results = models.PositiveBigIntegerField(
        db_default=0, help_text="Results of the script that were looked at"
    )
    results_changed = models.PositiveBigIntegerField(db_default=0, help_text="Whose value is another one now")
    results_written = models.PositiveBigIntegerField(db_default=0)
    results_ended = models.PositiveBigIntegerField(
        db_default=0, help_text="Superseded without a new one in their place"
    )
    patients_changed = models.PositiveIntegerField(db_default=0)
    patients_failed = models.PositiveIntegerField(db_default=0)
    changes = models.JSONField(default=dict)

    class Meta:
        permissions: ClassVar = [("steer_backfill", "Can pause, resume and cancel a backfill")]
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(state__in=BackfillState.values), name="backfill_state_known"),
            models.CheckConstraint(
                condition=Q(candidate__isnull=True) | Q(dry_run=True), name="backfill_candidate_tried_only"
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["-id"], condition=Q(state__in=["running", "paused"]), name="backfill_unfinished"
            )
        ]

    def __str__(self) -> str:
        what = "Comparison" if self.candidate_id else "Dry run" if self.dry_run else "Backfill"
        return f"{what} of {self.script.title}"


class BackfillExample(models.Model):
    """One result that a backfill changes, or would change: what it was, and what it becomes. The first some are kept."""

    id = models.BigAutoField(primary_key=True)
    backfill = models.ForeignKey(Backfill, on_delete=models.CASCADE, related_name="examples")
    patient_id = models.UUIDField()
    as_of = models.DateTimeField()
    before = models.JSONField(null=True)
    after = models.JSONField(null=True)

    def __str__(self) -> str:
        return f"example {self.id}"
