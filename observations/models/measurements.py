"""Measurements: immutable readings, what corrects them, and what was in conflict with them."""

from datetime import datetime, timedelta, timezone
from decimal import Decimal
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Func, Q
from django.db.models.functions import Now
from django.db.models.lookups import Exact

from clinical_engine.common.models import IdentifiedModel
from observations.models.codes import Code
from observations.models.fields import ExactDecoder, NumericField
from patients.models import Association, Patient
from submitters.models import ApiClient, Organisation


class MeasurementSource(models.TextChoices):
    """Where a measurement came from."""

    API = "api", "API"
    FHIR = "fhir", "FHIR"
    IMPORT = "import", "Import"
    STAFF = "staff", "Staff"


class MeasurementStatus(models.TextChoices):
    """Whether a measurement still stands. Only final ones count; the others stay readable."""

    FINAL = "final", "Stands"
    REPLACED = "replaced", "Replaced by a correction"
    ENTERED_IN_ERROR = "entered-in-error", "Entered in error"


class Valued(models.Model):
    """A value as it was sent: exactly one of quantity, boolean, answer, text and components.

    `components` maps the code of each part to {"quantity", "unit", "converted"}, {"boolean"}, {"answer"} or {"text"}.
    """

    value_quantity = NumericField(null=True, help_text="As sent")
    value_boolean = models.BooleanField(null=True)
    value_answer = models.CharField(max_length=64, null=True, help_text="The code of the answer")  # noqa: DJ001 - NULL is 'none'
    value_text = models.TextField(null=True)  # noqa: DJ001 - NULL is 'none'
    components = models.JSONField(null=True, decoder=ExactDecoder)
    unit = models.CharField(max_length=32, blank=True, default="", help_text="UCUM, as sent")

    class Meta:
        abstract = True


VALUE_COLUMNS = ("value_quantity", "value_boolean", "value_answer", "value_text", "components")


class _NumberOfValues(Func):
    function = "num_nonnulls"
    output_field = models.IntegerField()


class Measurement(Valued, IdentifiedModel):
    """One reading: immutable but for the association that covers it and whether it stands. Held while none covers it."""

    # As with statements, a composite key made in the migration ties organisation and patient together.
    organisation = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, db_constraint=False, db_index=False, related_name="+"
    )
    patient = models.ForeignKey(
        Patient, on_delete=models.PROTECT, db_constraint=False, db_index=False, related_name="measurements"
    )
    code = models.ForeignKey(Code, on_delete=models.PROTECT, db_index=False, related_name="+")
    client_id = models.CharField(max_length=128, help_text="The sender's own id of the measurement")
    converted_quantity = NumericField(
        null=True, help_text="In the canonical unit, where it was sent in another one"
    )
    is_implausible = models.BooleanField(
        db_default=False, help_text="Outside the plausible range that the code had when it came in"
    )
    replaces = models.CharField(
        max_length=128,
        blank=True,
        db_default="",
        help_text="The client_id of the measurement that it corrects",
    )
    measured_at = models.DateTimeField()
    utc_offset_minutes = models.SmallIntegerField(help_text="The offset that measured_at was sent with")
    source = models.CharField(max_length=8, choices=MeasurementSource)
    api_client = models.ForeignKey(
        ApiClient, on_delete=models.PROTECT, null=True, db_index=False, related_name="+"
    )
    received_at = models.DateTimeField(db_default=Now())
    due_at = models.DateTimeField()
    status = models.CharField(
        max_length=16, choices=MeasurementStatus, db_default=MeasurementStatus.FINAL.value
    )
    association = models.ForeignKey(
        Association, on_delete=models.DO_NOTHING, null=True, db_index=False, related_name="+"
    )

    class Meta:
        permissions: ClassVar = [
            ("export_measurement", "Can export measurements"),
            ("retract_measurement", "Can say that a measurement was entered in error"),
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["organisation", "client_id"], name="measurement_client_id_once"),
            models.CheckConstraint(
                condition=Exact(_NumberOfValues(*map(F, VALUE_COLUMNS)), 1), name="measurement_has_one_value"
            ),
            models.CheckConstraint(
                condition=Q(source__in=MeasurementSource.values), name="measurement_source_known"
            ),
            models.CheckConstraint(
                condition=Q(status__in=MeasurementStatus.values), name="measurement_status_known"
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
            # What staff look through: flagged or corrected ones are few.
            models.Index(fields=["-id"], condition=Q(is_implausible=True), name="measurement_implausible"),
            models.Index(fields=["-id"], condition=~Q(status="final"), name="measurement_corrected"),
        ]

    def __str__(self) -> str:
        return f"measurement {self.id}"

    @property
    def canonical_quantity(self) -> Decimal | None:
        """The quantity in the code's canonical unit."""
        converted: Decimal | None = self.converted_quantity
        return self.value_quantity if converted is None else converted

    @property
    def local_measured_at(self) -> datetime:
        """When it was measured, by the clock it was sent with."""
        return self.measured_at.astimezone(timezone(timedelta(minutes=self.utc_offset_minutes)))


class CorrectionKind(models.TextChoices):
    """How a measurement was corrected."""

    REPLACED = "replaced", "Replaced"
    ENTERED_IN_ERROR = "entered-in-error", "Entered in error"


class Correction(models.Model):
    """Something accepted that takes a measurement back. It names the measurement's client id, and may come in before it."""

    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, db_index=False, related_name="+")
    target_client_id = models.CharField(max_length=128)
    kind = models.CharField(max_length=16, choices=CorrectionKind)
    replacement_client_id = models.CharField(max_length=128, blank=True, db_default="")
    reason = models.CharField(max_length=500, blank=True, db_default="")
    api_client = models.ForeignKey(
        ApiClient, on_delete=models.PROTECT, null=True, db_index=False, related_name="+"
    )
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, db_index=False, related_name="+"
    )
    job_id = models.UUIDField(help_text="The job that looks for the measurement")
    received_at = models.DateTimeField(db_default=Now())
    applied_at = models.DateTimeField(null=True, help_text="When it was first seen to take effect")

    class Meta:
        constraints: ClassVar = [
            # The second replacement of one measurement would count beside the first.
            models.UniqueConstraint(
                fields=["organisation", "target_client_id", "kind"], name="correction_once"
            ),
            models.CheckConstraint(condition=Q(kind__in=CorrectionKind.values), name="correction_kind_known"),
        ]
        indexes: ClassVar = [
            # Asked for every measurement that is computed anew; nearly always empty.
            models.Index(
                fields=["organisation", "target_client_id"],
                condition=Q(applied_at=None),
                name="correction_pending",
            ),
            models.Index(fields=["job_id"], condition=Q(applied_at=None), name="correction_of_job"),
        ]

    def __str__(self) -> str:
        return f"correction {self.pk}"


class ConflictResolution(models.TextChoices):
    """How staff resolved a conflict."""

    KEPT_FIRST = "kept-first", "The first stands"
    TOOK_SECOND = "took-second", "The second replaced the first"


class MeasurementConflict(Valued):
    """A reading whose client id had been used with other content: kept beside the first until staff resolve it."""

    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    measurement = models.ForeignKey(Measurement, on_delete=models.PROTECT, related_name="conflicts")
    external_id = models.CharField(max_length=128)
    code = models.ForeignKey(Code, on_delete=models.PROTECT, related_name="+")
    replaces = models.CharField(max_length=128, blank=True, db_default="")
    measured_at = models.DateTimeField()
    utc_offset_minutes = models.SmallIntegerField(db_default=0)
    received_at = models.DateTimeField(db_default=Now())
    resolution = models.CharField(max_length=16, choices=ConflictResolution, blank=True, db_default="")
    resolved_at = models.DateTimeField(null=True)
    resolved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, db_index=False, related_name="+"
    )
    resolved_because = models.CharField(max_length=500, blank=True, db_default="")

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["-id"], condition=Q(resolved_at=None), name="conflict_unresolved"),
            # Those that wait, of the patient whose page is opened.
            models.Index(
                fields=["organisation", "external_id"],
                condition=Q(resolved_at=None),
                name="conflict_of_patient",
            ),
        ]

    def __str__(self) -> str:
        return f"conflict {self.pk}"
