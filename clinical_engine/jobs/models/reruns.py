"""Bulk re-runs."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from clinical_engine.common.models import IdentifiedModel
from clinical_engine.jobs.states import ItemOutcome, RerunState


class Rerun(IdentifiedModel):
    """A bulk re-run: which jobs, who wants it and why, how fast, and how far it has come."""

    filter = models.JSONField(
        help_text="What the jobs were chosen by; the choice itself is frozen in the items"
    )
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    reason = models.TextField()
    state = models.CharField(max_length=16, choices=RerunState)
    paused_because = models.CharField(max_length=512, blank=True, db_default="")
    rate = models.PositiveIntegerField(help_text="Jobs that are set going each second, at most")
    canary = models.PositiveIntegerField(help_text="Jobs that are tried, and waited for, before the others")
    failed_share = models.PositiveSmallIntegerField(
        help_text="Per cent of the jobs that ended since it was started or resumed; when more failed again it pauses"
    )
    total = models.PositiveIntegerField()
    started = models.PositiveIntegerField(
        db_default=0, help_text="The cursor: items up to here were set going or skipped"
    )
    succeeded = models.PositiveIntegerField(db_default=0)
    failed = models.PositiveIntegerField(db_default=0)
    skipped = models.PositiveIntegerField(
        db_default=0, help_text="Jobs that somebody else had set going, cancelled or discarded meanwhile"
    )
    # Counted anew from each resume: what failed before somebody looked at it must not pause it again at once.
    ended_since_resume = models.PositiveIntegerField(db_default=0)
    failed_since_resume = models.PositiveIntegerField(db_default=0)
    driver_id = models.UUIDField(
        help_text="The job that drives it; an earlier one that is still about stops by itself"
    )
    created_at = models.DateTimeField(db_default=Now())
    resumed_at = models.DateTimeField(db_default=Now(), help_text="When it was started, or resumed last")
    last_slice_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(state__in=RerunState.values), name="rerun_state_known"),
            models.CheckConstraint(condition=Q(started__lte=F("total")), name="rerun_within_selection"),
            models.CheckConstraint(condition=Q(rate__gte=1), name="rerun_moves"),
            models.CheckConstraint(condition=Q(failed_share__lte=100), name="rerun_share_in_per_cent"),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["-id"], condition=~Q(state__in=["finished", "cancelled"]), name="rerun_unfinished"
            )
        ]

    def __str__(self) -> str:
        return f"rerun {self.id}"

    @property
    def ended(self) -> int:
        """Jobs that were run again and succeeded or failed."""
        return self.succeeded + self.failed

    @property
    def in_flight(self) -> int:
        """Jobs that were set going and have not ended."""
        return self.started - self.ended - self.skipped


class RerunItem(models.Model):
    """One job of a frozen selection. No foreign key to the job: a hundred thousand checks of it would only slow the freezing."""

    id = models.BigAutoField(primary_key=True)
    # Written with its rerun in one transaction, for good: checking the same key a hundred thousand times took as long as writing.
    rerun = models.ForeignKey(
        Rerun, on_delete=models.CASCADE, related_name="items", db_index=False, db_constraint=False
    )
    position = models.PositiveIntegerField(help_text="From 1; the canary comes first")
    job_id = models.UUIDField()
    attempts_before = models.PositiveIntegerField(
        help_text="Attempts that the job had made when it was chosen; more, and somebody else has run it meanwhile"
    )
    outcome = models.CharField(max_length=16, choices=ItemOutcome, db_default=ItemOutcome.WAITING)
    fingerprint = models.CharField(
        max_length=16, blank=True, db_default="", help_text="Of the failure, where it failed again"
    )

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["rerun", "position"], name="rerun_item_position_once"),
            models.CheckConstraint(
                condition=Q(outcome__in=ItemOutcome.values), name="rerun_item_outcome_known"
            ),
        ]
        indexes: ClassVar = [
            # What each slice asks: which of the jobs that were set going have ended since.
            models.Index(
                fields=["rerun"], condition=Q(outcome=ItemOutcome.RUNNING), name="rerun_item_running"
            ),
            # 'What fails again, and how often', asked every two seconds while people watch: never read from the jobs.
            models.Index(
                fields=["rerun", "fingerprint", "-id"],
                condition=Q(outcome=ItemOutcome.FAILED),
                name="rerun_item_failed",
            ),
            # A job's page: the reruns that it was part of.
            models.Index(fields=["job_id"], name="rerun_item_job"),
        ]

    def __str__(self) -> str:
        return f"item {self.position}"
