"""Patients, statements and associations.

The organisation stands on every row, and composite foreign keys (made in the migration) tie it to the patient's and the
submitter's own: a row that joins two organisations cannot exist. Django's own keys are therefore declared without constraint.
"""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from clinical_engine.common.models import IdentifiedModel
from submitters.models import ApiClient, Organisation, Submitter


class Patient(IdentifiedModel):
    """A pseudonymous person: known by the vitals app's own id, unique within the organisation. No names."""

    organisation = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, related_name="patients", db_index=False
    )
    # Collation C: 'begins with' then uses the unique index, whatever the database's own collation.
    external_id = models.CharField(max_length=128, db_collation="C")
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["organisation", "external_id"], name="patient_external_id_once"),
            models.UniqueConstraint(fields=["id", "organisation"], name="patient_with_organisation"),
            models.CheckConstraint(condition=~Q(external_id=""), name="patient_external_id_not_empty"),
        ]

    def __str__(self) -> str:
        return self.external_id


class StatementKind(models.TextChoices):
    """What a statement says."""

    ACTIVATION = "activation", "Active since"
    DEACTIVATION = "deactivation", "Inactive since"


class StatementSource(models.TextChoices):
    """Where a statement came from."""

    API = "api", "API"
    ROSTER = "roster", "Roster"
    STAFF = "staff", "Staff"
    IMPORT = "import", "Import"


class Statement(IdentifiedModel):
    """An accepted 'active with this submitter since' or 'inactive since'. Immutable but for `fulfilled_at`."""

    organisation = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, db_constraint=False, db_index=False, related_name="+"
    )
    patient = models.ForeignKey(
        Patient, on_delete=models.PROTECT, db_constraint=False, db_index=False, related_name="statements"
    )
    submitter = models.ForeignKey(
        Submitter, on_delete=models.PROTECT, db_constraint=False, db_index=False, related_name="statements"
    )
    kind = models.CharField(max_length=16, choices=StatementKind)
    effective_at = models.DateTimeField()
    client_id = models.CharField(max_length=128, help_text="The sender's own id of the statement")
    source = models.CharField(max_length=8, choices=StatementSource)
    api_client = models.ForeignKey(
        ApiClient, on_delete=models.PROTECT, null=True, db_index=False, related_name="+"
    )
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, db_index=False, related_name="+"
    )
    job_id = models.UUIDField(help_text="The job that was to fulfil it")
    received_at = models.DateTimeField(db_default=Now())
    due_at = models.DateTimeField()
    fulfilled_at = models.DateTimeField(null=True, help_text="When the associations first showed it")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["organisation", "client_id"], name="statement_client_id_once"),
            models.CheckConstraint(condition=Q(kind__in=StatementKind.values), name="statement_kind_known"),
            models.CheckConstraint(
                condition=Q(source__in=StatementSource.values), name="statement_source_known"
            ),
        ]
        indexes: ClassVar = [
            # The fold reads all statements of a pair in their order.
            models.Index(fields=["patient", "submitter", "effective_at"], name="statement_pair"),
            # What is overdue: only unfulfilled rows, so the probe costs the same after years.
            models.Index(fields=["due_at"], condition=Q(fulfilled_at=None), name="statement_unfulfilled"),
            # The newest statements of a submitter, on its page.
            models.Index(fields=["submitter", "-id"], name="statement_of_submitter"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.id}"


class StatementConflict(models.Model):
    """A statement whose client id had been used with other content: kept beside the first for staff to see."""

    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    statement = models.ForeignKey(Statement, on_delete=models.PROTECT, related_name="conflicts")
    kind = models.CharField(max_length=16, choices=StatementKind)
    submitter = models.ForeignKey(Submitter, on_delete=models.PROTECT, related_name="+")
    external_id = models.CharField(max_length=128)
    effective_at = models.DateTimeField()
    received_at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return f"conflict {self.pk}"


class Association(models.Model):
    """Patient and submitter, linked over the period `[associated_at, dissociated_at)` in the statements' own time.

    A trigger (made in the migration) refuses periods of a pair that overlap, under the patient's lock.
    """

    id = models.BigAutoField(primary_key=True)
    organisation = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, db_constraint=False, db_index=False, related_name="+"
    )
    patient = models.ForeignKey(
        Patient, on_delete=models.PROTECT, db_constraint=False, db_index=False, related_name="associations"
    )
    submitter = models.ForeignKey(
        Submitter, on_delete=models.PROTECT, db_constraint=False, db_index=False, related_name="associations"
    )
    associated_at = models.DateTimeField()
    dissociated_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["patient", "submitter"],
                condition=Q(dissociated_at=None),
                name="association_open_once",
            ),
            # A pair has one period from a time on; also the index by which a patient's periods are read.
            models.UniqueConstraint(
                fields=["patient", "submitter", "associated_at"], name="association_begins_once"
            ),
            models.CheckConstraint(
                condition=Q(dissociated_at=None) | Q(dissociated_at__gt=F("associated_at")),
                name="association_ends_after_it_begins",
            ),
        ]
        indexes: ClassVar = [
            # How many patients are active with a submitter, and who.
            models.Index(
                fields=["submitter", "-associated_at"],
                condition=Q(dissociated_at=None),
                name="association_open",
            )
        ]

    def __str__(self) -> str:
        return f"association {self.pk}"
