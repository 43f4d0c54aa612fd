"""Jobs and their attempts."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from clinical_engine.common.models import IdentifiedModel
from clinical_engine.jobs.states import CLAIMABLE, FAILED, STOPPED, JobState, Outcome, Trigger

LONGEST_RELEASE = 64


class Job(IdentifiedModel):
    """One piece of accepted work. The row is the job; a message in Redis only rings for it."""

    kind = models.CharField(max_length=64)
    queue = models.CharField(max_length=32)
    state = models.CharField(max_length=16, choices=JobState, db_default=JobState.AVAILABLE)
    # As it was accepted: a trigger refuses to rewrite it. What a person made of it stands beside it.
    payload = models.JSONField()
    payload_version = models.PositiveSmallIntegerField()
    revised_payload = models.JSONField(
        null=True, help_text="The last revision by a person; worked on instead of the payload"
    )
    revised_version = models.PositiveSmallIntegerField(null=True)
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
    # Found by a partial index: most jobs were never touched by anybody.
    last_actor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        db_index=False,
        help_text="Who last ran, edited, cancelled or discarded it",
    )
    created_at = models.DateTimeField(db_default=Now())
    finished_at = models.DateTimeField(null=True)

    class Meta:
        permissions: ClassVar = [
            ("run_job_again", "Can run a failed job again"),
            ("cancel_job", "Can cancel a job that waits"),
            ("discard_job", "Can discard a failed job"),
            ("revise_payload", "Can edit the payload of a failed job"),
        ]
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
            models.CheckConstraint(
                condition=Q(revised_payload__isnull=True, revised_version__isnull=True)
                | Q(revised_payload__isnull=False, revised_version__isnull=False),
                name="job_revision_whole",
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
            # Suspects are few: looked for in the index above, a claim for them would walk through the whole backlog.
            models.Index(
                fields=["kind", "queue", "next_run_at"],
                condition=Q(state__in=CLAIMABLE, next_trigger=Trigger.SWEEPER),
                name="job_suspect",
            ),
            # The sweeper's search for lost workers.
            models.Index(fields=["lease_expires_at"], condition=Q(state=JobState.RUNNING), name="job_lease"),
            # 'The last job of this patient', asked by the vitals app and the patient page.
            models.Index(
                fields=["patient_id", "-id"], condition=Q(patient_id__isnull=False), name="job_patient"
            ),
            # Lists of what stopped without success, newest first: such rows stay for ever, and must not be looked for
            # among the succeeded ones.
            models.Index(fields=["state", "-id"], condition=Q(state__in=STOPPED), name="job_stopped"),
            models.Index(fields=["-id"], condition=Q(state__in=FAILED), name="job_failed"),
            # One for each filter of the repair desk: a value that few of a million failed jobs have is found all the same.
            # Only a failure pays for them.
            models.Index(
                fields=["fingerprint", "-id"], condition=Q(state__in=FAILED), name="job_failed_cause"
            ),
            models.Index(fields=["kind", "-id"], condition=Q(state__in=FAILED), name="job_failed_kind"),
            models.Index(fields=["queue", "-id"], condition=Q(state__in=FAILED), name="job_failed_queue"),
            models.Index(
                fields=["claimed_release", "-id"], condition=Q(state__in=FAILED), name="job_failed_release"
            ),
            models.Index(
                fields=["payload_version", "-id"], condition=Q(state__in=FAILED), name="job_failed_version"
            ),
            models.Index(
                fields=["organisation_id", "-id"], condition=Q(state__in=FAILED), name="job_failed_owner"
            ),
            models.Index(
                fields=["submitter_id", "-id"], condition=Q(state__in=FAILED), name="job_failed_submitter"
            ),
            models.Index(fields=["finished_at"], condition=Q(state__in=FAILED), name="job_failed_time"),
            models.Index(
                fields=["last_actor", "-id"], condition=Q(last_actor__isnull=False), name="job_last_actor"
            ),
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
