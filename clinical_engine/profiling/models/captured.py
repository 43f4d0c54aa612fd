"""What statements cost: captured in batches, kept by day and later by month, with who sends them. Never a value."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

FINGERPRINT_LENGTH = 16


class Release(models.Model):
    """A release that ran, since it was first seen."""

    name = models.CharField(max_length=200, unique=True)
    first_seen_at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return self.name


class CapturedBatch(models.Model):
    """What one process counted in some seconds, until the roll-up takes it.

    `content` is as `profiling.capture.batches` writes it; `format` says which way, for the roll-up of another release.
    """

    captured_at = models.DateTimeField(db_default=Now())
    format = models.PositiveSmallIntegerField()
    content = models.BinaryField()

    def __str__(self) -> str:
        return f"batch {self.pk}"


class Outlook(models.TextChoices):
    """What the past of a statement says of its future."""

    GROWS = "grows", "Grows"
    STEADY = "steady", "Steady"
    TOO_LITTLE_DATA = "too_little_data", "Too little data"


class CapturedStatement(models.Model):
    """A statement by its shape, with the figures that lists are sorted by; the roll-up keeps them current.

    Durations are microseconds. A percentile is None where nothing ran in its time.
    """

    fingerprint = models.CharField(max_length=FINGERPRINT_LENGTH, unique=True)
    shape = models.TextField(help_text="Without its values; lists of any length are one '?'")
    first_seen_at = models.DateTimeField()
    last_seen_at = models.DateTimeField()
    first_release = models.ForeignKey(Release, on_delete=models.PROTECT, db_index=False, related_name="+")
    last_release = models.ForeignKey(Release, on_delete=models.PROTECT, db_index=False, related_name="+")
    origin = models.CharField(max_length=200, help_text="What spends most time on it")
    place = models.CharField(max_length=200, help_text="Where it is sent from most, in code of ours")

    calls_day = models.PositiveBigIntegerField(default=0, help_text="Today")
    calls_week = models.PositiveBigIntegerField(default=0, help_text="In 7 days, today among them")
    time_week_us = models.PositiveBigIntegerField(default=0)
    p95_now_us = models.PositiveBigIntegerField(null=True, help_text="Of the last hour or of the last 50")
    p95_week_us = models.PositiveBigIntegerField(null=True)
    p95_quarter_us = models.PositiveBigIntegerField(null=True, help_text="Of 90 days")
    longest_us = models.PositiveBigIntegerField(default=0, help_text="In 7 days")
    parameters_most = models.PositiveBigIntegerField(default=0, help_text="Of one execution, in 7 days")
    values_most = models.PositiveBigIntegerField(
        default=0, help_text="In the longest list of one execution, in 7 days"
    )
    bytes_most = models.PositiveBigIntegerField(
        default=0, help_text="Of one execution, in 7 days, with its values"
    )
    failures_week = models.PositiveBigIntegerField(default=0)
    timeouts_week = models.PositiveBigIntegerField(default=0)
    lock_timeouts_week = models.PositiveBigIntegerField(
        db_default=0, help_text="Of the timeouts those that waited for a lock"
    )
    timed_out_at = models.DateTimeField(null=True, help_text="When it last ran out of time")
    repeated_most = models.PositiveIntegerField(
        default=0, help_text="Executions within one request or batch of jobs, in 7 days"
    )
    recent = models.BinaryField(
        default=bytes, help_text="Durations of the last 50, the newest last, each the byte of its bucket"
    )

    outlook = models.CharField(max_length=16, choices=Outlook, default=Outlook.TOO_LITTLE_DATA)
    exponent = models.FloatField(null=True, help_text="Cost grows with this power of its driver")
    exponent_low = models.FloatField(null=True)
    exponent_high = models.FloatField(null=True)
    measure = models.CharField(
        max_length=16, default="", help_text="What grows: duration, rows, parameters, values"
    )
    driver = models.CharField(max_length=32, default="", help_text="What it grows with")
    limit_name = models.CharField(max_length=200, default="", help_text="What it reaches first")
    driver_at_limit = models.FloatField(null=True)
    limit_on = models.DateField(null=True, help_text="When, if its driver goes on as it does")
    verdict = models.JSONField(default=dict, help_text="All of the estimate, as profiling.growth gives it")
    curve = models.JSONField(
        default=list, help_text="Pairs of driver and cost for a small chart, the oldest first"
    )
    estimated_on = models.DateField(null=True, db_index=True)

    class Meta:
        permissions: ClassVar = [("explain_capturedstatement", "Can have the database explain a statement")]
        indexes: ClassVar = [
            # What the probe counts: a few of twenty thousand, at every look at the front page.
            models.Index(
                fields=["timed_out_at"],
                condition=Q(timed_out_at__isnull=False),
                name="captured_statement_timed_out",
            ),
        ]

    def __str__(self) -> str:
        return self.fingerprint


class Caller(models.Model):
    """Who sends a statement: a request, job or command, and the line of ours."""

    statement = models.ForeignKey(CapturedStatement, on_delete=models.CASCADE, related_name="callers")
    origin = models.CharField(max_length=200)
    place = models.CharField(max_length=200)
    calls = models.PositiveBigIntegerField()
    time_us = models.PositiveBigIntegerField()
    repeated_most = models.PositiveIntegerField(help_text="Executions within one request or batch of jobs")
    first_seen_at = models.DateTimeField()
    last_seen_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["statement", "origin", "place"], name="caller_once")
        ]
        default_permissions: ClassVar = ()

    def __str__(self) -> str:
        return f"{self.origin} at {self.place}"


class StatementDay(models.Model):
    """What a statement cost in a day, or later in the part of a month from that day on in which its release ran. Times are UTC.

    There are a million rows: wide columns stand first and the one of no fixed width last, so that none is filled up.
    """

    pk = models.CompositePrimaryKey("statement_id", "day")
    statement = models.ForeignKey(
        CapturedStatement, on_delete=models.CASCADE, db_index=False, related_name="days"
    )
    calls = models.PositiveBigIntegerField()
    time_us = models.PositiveBigIntegerField()
    longest_us = models.PositiveBigIntegerField()
    rows = models.PositiveBigIntegerField()
    bytes_most = models.PositiveBigIntegerField()
    release = models.ForeignKey(
        Release, on_delete=models.PROTECT, db_index=False, related_name="+", help_text="Ran last"
    )
    parameters_most = models.PositiveIntegerField()
    values_most = models.PositiveIntegerField(help_text="In the longest list of one execution")
    failures = models.PositiveIntegerField()
    timeouts = models.PositiveIntegerField()
    lock_timeouts = models.PositiveIntegerField(db_default=0, help_text="Of the timeouts")
    repeated_most = models.PositiveIntegerField()
    day = models.DateField()
    days = models.PositiveSmallIntegerField(default=1, help_text="1, or those of its month")
    durations = models.BinaryField(help_text="As profiling.durations packs them")

    class Meta:
        default_permissions: ClassVar = ()
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(calls__gt=0) | Q(failures__gt=0), name="statement_day_not_empty"
            )
        ]

    def __str__(self) -> str:
        return f"{self.statement_id} on {self.day}"


class DriverReading(models.Model):
    """How much there was, on a day, of what may make statements grow."""

    pk = models.CompositePrimaryKey("driver", "day")
    driver = models.CharField(max_length=32)
    day = models.DateField()
    value = models.FloatField()

    class Meta:
        default_permissions: ClassVar = ()

    def __str__(self) -> str:
        return f"{self.driver} on {self.day}"
