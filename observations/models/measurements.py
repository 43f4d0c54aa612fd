"""Measurements: immutable readings."""

from datetime import datetime, timedelta, timezone
from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from clinical_engine.common.models import IdentifiedModel
from observations.models.codes import Code
from observations.models.fields import NumericField
from patients.models import Association, Patient
from submitters.models import ApiClient, Organisation


class MeasurementSource(models.TextChoices):
    """Where a measurement came from."""

    API = "api", "API"
    IMPORT = "import", "Import"


class Measurement(IdentifiedModel):
    """One reading: immutable but for the association that covers it. Held while none does."""

    # As with statements, a composite key made in the migration ties organisation and patient together.
    organisation = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, db_constraint=False, db_index=False, related_name="+"
    )
    patient = models.ForeignKey(
        Patient, on_delete=models.PROTECT, db_constraint=False, db_index=False, related_name="measurements"
    )
    code = models.ForeignKey(Code, on_delete=models.PROTECT, db_index=False, related_name="+")
    client_id = models.CharField(max_length=128, help_text="The sender's own id of the measurement")
    value_quantity = NumericField(null=True, help_text="As sent")
    value_boolean = models.BooleanField(null=True)
    unit = models.CharField(max_length=32, blank=True, default="", help_text="UCUM, as sent")
    measured_at = models.DateTimeField()
    utc_offset_minutes = models.SmallIntegerField(help_text="The offset that measured_at was sent with")
    source = models.CharField(max_length=8, choices=MeasurementSource)
    api_client = models.ForeignKey(
        ApiClient, on_delete=models.PROTECT, null=True, db_index=False, related_name="+"
    )
    received_at = models.DateTimeField(db_default=Now())
    due_at = models.DateTimeField()
    association = models.ForeignKey(
        Association, on_delete=models.DO_NOTHING, null=True, db_index=False, related_name="+"
    )

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["organisation", "client_id"], name="measurement_client_id_once"),
            models.CheckConstraint(
                condition=Q(value_quantity__isnull=False, value_boolean__isnull=True)
                | Q(value_quantity__isnull=True, value_boolean__isnull=False),
                name="measurement_has_one_value",
            ),
            models.CheckConstraint(
                condition=Q(source__in=MeasurementSource.values), name="measurement_source_known"
            ),
        ]
        indexes: ClassVar = [
            # What a script reads: a patient's readings of a code within a window.
            models.Index(fields=["patient", "code", "-measured_at"], name="measurement_window"),
            # What is held, of one patient and of all; only held rows, so it stays small.
            models.Index(
                fields=["patient", "measured_at"], condition=Q(association=None), name="measurement_held"
            ),
            models.Index(fields=["due_at"], condition=Q(association=None), name="measurement_overdue"),
            # A vanishing association gives its measurements free.
            models.Index(
                fields=["association"], condition=Q(association__isnull=False), name="measurement_covered_by"
            ),
        ]

    def __str__(self) -> str:
        return f"measurement {self.id}"

    @property
    def local_measured_at(self) -> datetime:
        """When it was measured, by the clock it was sent with."""
        return self.measured_at.astimezone(timezone(timedelta(minutes=self.utc_offset_minutes)))


class MeasurementConflict(models.Model):
    """A reading whose client id had been used with other content: kept beside the first for staff to see."""

    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    measurement = models.ForeignKey(Measurement, on_delete=models.PROTECT, related_name="conflicts")
    external_id = models.CharField(max_length=128)
    code = models.ForeignKey(Code, on_delete=models.PROTECT, related_name="+")
    value_quantity = NumericField(null=True)
    value_boolean = models.BooleanField(null=True)
    unit = models.CharField(max_length=32, blank=True, default="")
    measured_at = models.DateTimeField()
    received_at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return f"conflict {self.pk}"
