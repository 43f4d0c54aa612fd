"""The states of a job, and what each means to a person."""

from django.db import models


class JobState(models.TextChoices):
    """Where a job stands. The first three are unfinished."""

    AVAILABLE = "available", "Available"
    RUNNING = "running", "Running"
    RETRYABLE = "retryable", "Waiting to be tried again"
    SUCCEEDED = "succeeded", "Succeeded"
    DEAD = "dead", "Dead"
    INVALID_PAYLOAD = "invalid_payload", "Invalid payload"
    CANCELLED = "cancelled", "Cancelled"


UNFINISHED = (JobState.AVAILABLE, JobState.RUNNING, JobState.RETRYABLE)
CLAIMABLE = (JobState.AVAILABLE, JobState.RETRYABLE)
FAILED = (JobState.DEAD, JobState.INVALID_PAYLOAD)
STOPPED = (*FAILED, JobState.CANCELLED)


class Trigger(models.TextChoices):
    """Who set an attempt going."""

    AUTO = "auto", "Automatic"
    USER = "user", "A person"
    SWEEPER = "sweeper", "Alone, after a lost worker or the time limit"


class Outcome(models.TextChoices):
    """How an attempt ended."""

    SUCCEEDED = "succeeded", "Succeeded"
    CONTINUES = "continues", "One slice done, continues"
    FAILED = "failed", "Failed"
    LOST = "lost", "Worker lost"


class RerunState(models.TextChoices):
    """Where a bulk re-run stands."""

    CANARY = "canary", "Trying the first few"
    RUNNING = "running", "Running"
    PAUSED = "paused", "Paused"
    CANCELLED = "cancelled", "Cancelled"
    FINISHED = "finished", "Finished"


class ItemOutcome(models.TextChoices):
    """What became of one job of a bulk re-run."""

    WAITING = "waiting", "Not set going yet"
    RUNNING = "running", "Set going"
    SUCCEEDED = "succeeded", "Succeeded"
    FAILED = "failed", "Failed again"
    SKIPPED = "skipped", "Left alone"
