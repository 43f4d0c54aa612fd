"""Organisations, submitters and API clients."""

from typing import ClassVar
from zoneinfo import ZoneInfo, available_timezones

from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from clinical_engine.common.models import IdentifiedModel


def validate_time_zone(name: str) -> None:
    """Raise ValidationError unless `name` is an IANA time zone."""
    if name not in available_timezones():
        raise ValidationError(
            "This is not an IANA time zone such as Europe/Amsterdam.", code="unknown_time_zone"
        )


class Organisation(IdentifiedModel):
    """A care provider: the customer. Owns submitters and patients."""

    name = models.CharField(max_length=200, unique=True)
    time_zone = models.CharField(max_length=64, default="Europe/Amsterdam", validators=[validate_time_zone])
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        ordering: ClassVar = ["name"]

    def __str__(self) -> str:
        return self.name

    @property
    def zone(self) -> ZoneInfo:
        """The time zone in which the organisation's calendar days begin."""
        return ZoneInfo(self.time_zone)


class Submitter(IdentifiedModel):
    """A programme of one organisation through which its patients' measurements come in."""

    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="submitters")
    name = models.CharField(max_length=200)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        ordering: ClassVar = ["name"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["organisation", "name"], name="submitter_name_once_per_organisation"
            ),
            # Target of the composite keys by which rows of another organisation cannot name this submitter.
            models.UniqueConstraint(fields=["id", "organisation"], name="submitter_with_organisation"),
        ]

    def __str__(self) -> str:
        return self.name


class ApiClient(IdentifiedModel):
    """A machine that calls the API: its hashed key, what it may do, and for which organisations."""

    name = models.CharField(max_length=200, unique=True)
    key_prefix = models.CharField(max_length=16, unique=True, editable=False)
    key_hash = models.CharField(
        max_length=64, editable=False, help_text="SHA-256 of the key; the key itself is not kept"
    )
    scopes = ArrayField(models.CharField(max_length=32), default=list)
    organisations = models.ManyToManyField(Organisation, related_name="api_clients")
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = "API client"
        ordering: ClassVar = ["name"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(key_hash__regex="^[0-9a-f]{64}$"), name="api_client_key_is_hashed"
            )
        ]

    def __str__(self) -> str:
        return self.name
