"""What is said about patients."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from clinical_engine.common.models import IdentifiedModel
from patients.models.patients import Patient
from submitters.models import ApiClient, Organisation, Submitter


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
