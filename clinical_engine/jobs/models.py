"""The durable ledger. Private: only ledger.py writes a job; others read through selectors.py."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from clinical_engine.common.models import IdentifiedModel
from clinical_engine.jobs.states import CLAIMABLE, FAILED, JobState, Outcome, Trigger

LONGEST_RELEASE = 64


class Job(IdentifiedModel):
    """One piece of accepted work. The row is the job; a message in Redis only rings for it."""

    kind = models.CharField(max_length=64)
    queue = models.CharField(max_length=32)
    state = models.CharField(max_length=16, choices=JobState, db_default=JobState.AVAILABLE)
    payload = models.JSONField()
    payload_version = models.PositiveSmallIntegerField()
    # Opaque ids without foreign keys: the platform knows nothing of patients.
    organisation_id = models.UUIDField(null=True)
    submitter_id = models.UUIDField(null=True)
    patient_id = models.UUIDField(null=True)
    dirty_from = models.DateTimeField(
        null=True, help_text="Coalesced jobs only: the earliest time whose results must be computed anew"
    )
    cursor = models.JSONField(null=True, help_text="How far a long job has come")
    next_run_at = models.DateTimeField(db_default=Now())
    next_trigger = models.CharField(max_length=8, choices=Trigger, db_default=Trigger.AUTO)
    attempts_made = models.PositiveIntegerField(db_default=0)
    attempts_used = models.PositiveIntegerField(
        db_default=0,
        help_text="Failed attempts that count against the limit; a run started by a person does not",
    )
    lease_token = models.UUIDField(null=True)
    lease_expires_at = models.DateTimeField(null=True)
    claimed_at = models.DateTimeField(null=True)
    claimed_by = models.CharField(max_length=128, blank=True, db_default="")
    claimed_release = models.CharField(max_length=LONGEST_RELEASE, blank=True, db_default="")
    error = models.CharField(
        max_length=512, blank=True, db_default="", help_text="What the last failure was, without values"
    )
    fingerprint = models.CharField(max_length=16, blank=True, db_default="")
    created_at = models.DateTimeField(db_default=Now())
    finished_at = models.DateTimeField(null=True)

    class Meta:
        permissions: ClassVar = [("run_job_again", "Can run a failed job again")]
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(state__in=JobState.values), name="job_state_known"),
            models.CheckConstraint(
                condition=Q(state=JobState.RUNNING, lease_token__isnull=False, lease_expires_at__isnull=False)
                | (~Q(state=JobState.RUNNING) & Q(lease_token__isnull=True)),
                name="job_lease_only_while_running",
            ),
            models.CheckConstraint(
                condition=Q(state__in=[*CLAIMABLE, JobState.RUNNING], finished_at__isnull=True)
                | (~Q(state__in=[*CLAIMABLE, JobState.RUNNING]) & Q(finished_at__isnull=False)),
                name="job_finished_at_end",
            ),
            # What coalesces: a patient has at most one waiting recompute job, however many facts arrive.
            models.UniqueConstraint(
                fields=["kind", "patient_id"],
                condition=Q(state=JobState.AVAILABLE, dirty_from__isnull=False),
                name="job_coalesced",
            ),
        ]
        indexes: ClassVar = [
            # The claim: only unfinished rows are in it, so its cost does not grow with the history.
            models.Index(
                fields=["kind", "queue", "next_run_at"], condition=Q(state__in=CLAIMABLE), name="job_claim"
            ),
            # The sweeper's search for lost workers.
            models.Index(fields=["lease_expires_at"], condition=Q(state=JobState.RUNNING), name="job_lease"),
            # 'The last job of this patient', asked by the vitals app and the patient page.
            models.Index(
                fields=["patient_id", "-id"], condition=Q(patient_id__isnull=False), name="job_patient"
            ),
            # The list of failed work, newest first; failed rows stay for ever, so it must not scan the succeeded ones.
            models.Index(fields=["state", "-id"], condition=Q(state__in=FAILED), name="job_failed"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.id}"


class Attempt(models.Model):
    """One try of a job. Append-only: written once, when the try ends."""

    id = models.BigAutoField(primary_key=True)
    job = models.ForeignKey(Job, on_delete=models.CASCADE, db_index=False, related_name="attempts")
    organisation_id = models.UUIDField(null=True)
    number = models.PositiveIntegerField()
    release = models.CharField(max_length=LONGEST_RELEASE)
    worker = models.CharField(max_length=128)
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(db_default=Now())
    outcome = models.CharField(max_length=16, choices=Outcome)
    trigger = models.CharField(max_length=8, choices=Trigger)
    error_class = models.CharField(max_length=128, blank=True, default="")
    error_kind = models.CharField(max_length=16, blank=True, default="")
    sqlstate = models.CharField(max_length=5, blank=True, default="")
    constraint_name = models.CharField(max_length=128, blank=True, default="")
    message = models.CharField(max_length=512, blank=True, default="")
    frames = models.JSONField(default=list)
    fingerprint = models.CharField(max_length=16, blank=True, default="")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["job", "number"], name="attempt_number_once"),
            models.CheckConstraint(condition=Q(outcome__in=Outcome.values), name="attempt_outcome_known"),
            models.CheckConstraint(condition=Q(trigger__in=Trigger.values), name="attempt_trigger_known"),
        ]

    def __str__(self) -> str:
        return f"attempt {self.number}"


class PeriodicRun(models.Model):
    """When a piece of periodic work was last done: a schedule that has stopped must be seen."""

    name = models.CharField(max_length=64, primary_key=True)
    last_run_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name
