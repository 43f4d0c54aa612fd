"""What silk records beside its sample, and what the engine keeps of each recording beside silk's own rows."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from clinical_engine.profiling.models.captured import FINGERPRINT_LENGTH


class ProfiledRequests(models.Model):  # noqa: DJ008 - it has no rows to name
    """Carries the permission to see what silk recorded. Nothing is stored here."""

    class Meta:
        managed = False
        default_permissions = ()
        permissions: ClassVar = [("view_silk", "Can view profiled requests")]


class ProfilingWindow(models.Model):
    """For a limited time all that has an origin ('POST /api/v1/activations', 'job associate') is recorded, or a share of it.

    Processes take what they may record from `granted` in advance, so that together they never exceed the window's bound.
    """

    origin = models.CharField(max_length=200)
    share = models.FloatField(default=1.0, help_text="0 to 1")
    starts_at = models.DateTimeField(db_default=Now())
    ends_at = models.DateTimeField()
    reason = models.CharField(max_length=500)
    started_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, db_index=False, related_name="+"
    )
    stopped_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, db_index=False, related_name="+"
    )
    stopped_because = models.CharField(max_length=500, blank=True, default="", db_default="")
    granted = models.PositiveIntegerField(default=0, help_text="What processes may record, or have recorded")
    recorded = models.PositiveIntegerField(default=0, help_text="What they say they have recorded")

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(share__gt=0, share__lte=1), name="profiling_window_share"),
            models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="profiling_window_ends"),
        ]
        indexes: ClassVar = [models.Index(fields=["ends_at"], name="profiling_window_end")]

    def __str__(self) -> str:
        return self.origin


class Recording(models.Model):
    """A request, batch of jobs or task that silk holds: what it was, why it was recorded, and how much room it takes."""

    request = models.OneToOneField(
        "silk.Request", primary_key=True, on_delete=models.CASCADE, related_name="recording"
    )
    started_at = models.DateTimeField()
    origin = models.CharField(max_length=200)
    window = models.ForeignKey(
        ProfilingWindow,
        null=True,
        on_delete=models.PROTECT,
        related_name="recordings",
        help_text="None: by chance",
    )
    bytes = models.PositiveIntegerField(help_text="At most; PostgreSQL compresses long texts")

    class Meta:
        default_permissions: ClassVar = ()

    def __str__(self) -> str:
        return self.origin


class ProfiledStatement(models.Model):
    """In which recordings a statement ran, by its fingerprint."""

    pk = models.CompositePrimaryKey("fingerprint", "started_at", "request_id")
    fingerprint = models.CharField(max_length=FINGERPRINT_LENGTH)
    started_at = models.DateTimeField(help_text="When the request began: the key yields the latest first")
    request = models.ForeignKey("silk.Request", on_delete=models.CASCADE, related_name="+")
    times = models.PositiveIntegerField()

    class Meta:
        default_permissions: ClassVar = ()

    def __str__(self) -> str:
        return self.fingerprint
