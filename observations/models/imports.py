"""Files of measurements that staff import, their lines, and what was wrong with some of those."""

from collections.abc import Sequence
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from clinical_engine.common.lines import LineForm
from clinical_engine.common.models import IdentifiedModel
from submitters.models import Organisation


class ImportState(models.TextChoices):
    """How far an import has come."""

    IMPORTING = "importing", "Importing"
    IMPORTED = "imported", "Imported"
    TRIED = "tried", "Tried only"
    CANCELLED = "cancelled", "Cancelled"


OUTCOMES: Sequence[str] = ("accepted", "held", "duplicate", "conflict", "refused")
"""What may have become of a line, by the name of its count."""


class MeasurementImport(IdentifiedModel):
    """A file of measurements of one organisation, and what became of its lines. All counts are of lines."""

    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    file_name = models.CharField(max_length=200, blank=True)
    form = models.CharField(max_length=32, choices=[(form.value, form.name) for form in LineForm])
    columns = models.JSONField(default=list, help_text="The header of a CSV")
    dry_run = models.BooleanField(help_text="Every line is answered, nothing is stored")
    state = models.CharField(max_length=16, choices=ImportState, default=ImportState.IMPORTING)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, db_index=False, related_name="+"
    )
    job_id = models.UUIDField(help_text="The job that works its lines off")
    received_at = models.DateTimeField(db_default=Now())
    finished_at = models.DateTimeField(null=True)
    is_stored = models.BooleanField(db_default=True, help_text="Its lines are still kept as they came")

    lines = models.PositiveIntegerField(help_text="Without blank ones and a header")
    done = models.PositiveIntegerField(db_default=0, help_text="Lines that have their answer")
    last_line = models.PositiveIntegerField(
        db_default=0, help_text="The number in the file of the last of them"
    )
    accepted = models.PositiveIntegerField(db_default=0)
    held = models.PositiveIntegerField(db_default=0)
    duplicate = models.PositiveIntegerField(db_default=0)
    conflict = models.PositiveIntegerField(db_default=0)
    refused = models.PositiveIntegerField(db_default=0)
    implausible = models.PositiveIntegerField(
        db_default=0, help_text="Accepted or held, and flagged as implausible"
    )
    reasons = models.JSONField(default=dict, help_text="'field code' of refusals, and how many there were")

    class Meta:
        permissions: ClassVar = [("cancel_measurementimport", "Can cancel an import of measurements")]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(state__in=ImportState.values), name="measurement_import_state_known"
            ),
            models.CheckConstraint(
                condition=Q(form__in=[form.value for form in LineForm]), name="measurement_import_form_known"
            ),
        ]
        indexes: ClassVar = [
            # Those that a job should be at work on: few among all that ever were.
            models.Index(
                fields=["-id"], condition=Q(state=ImportState.IMPORTING), name="measurement_import_moving"
            ),
            # Whose lines are to be deleted.
            models.Index(
                fields=["finished_at"], condition=Q(is_stored=True), name="measurement_import_stored"
            ),
        ]

    def __str__(self) -> str:
        return f"import {self.id}"


class ImportedLine(models.Model):
    """One line of a file, as COPY wrote it. Logged: an accepted file outlives a crash.

    No key to the import: it would cost more than the line itself, and a line of no import does no harm.
    """

    pk = models.CompositePrimaryKey("measurement_import_id", "line")
    measurement_import = models.ForeignKey(
        MeasurementImport, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+"
    )
    line = models.PositiveIntegerField()
    content = models.TextField(null=True, help_text="NULL: it was no text in UTF-8")  # noqa: DJ001 - an empty line is none

    def __str__(self) -> str:
        return f"line {self.line}"


class ImportProblem(models.Model):
    """Why one line of a file was refused, or that it is in conflict. A line has one for each reason."""

    pk = models.CompositePrimaryKey("measurement_import_id", "line", "number")
    measurement_import = models.ForeignKey(
        MeasurementImport,
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        db_index=False,
        related_name="problems",
    )
    line = models.PositiveIntegerField()
    number = models.PositiveSmallIntegerField()
    outcome = models.CharField(max_length=16)
    client_id = models.CharField(max_length=128, blank=True, help_text="Where it can be read")
    field = models.CharField(max_length=128)
    code = models.CharField(max_length=32)
    message = models.CharField(max_length=500)
    measurement_id = models.UUIDField(null=True, help_text="The measurement that it is in conflict with")

    def __str__(self) -> str:
        return f"problem of line {self.line}"


class RehearsedId(models.Model):
    """What an earlier line of a dry run would have stored, or replaced, under a client id: later lines must know of it."""

    pk = models.CompositePrimaryKey("measurement_import_id", "kind", "client_id")
    measurement_import = models.ForeignKey(
        MeasurementImport, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+"
    )
    kind = models.CharField(max_length=8, choices=[("stored", "Stored"), ("replaced", "Replaced")])
    client_id = models.CharField(max_length=128, db_collation="C")
    line = models.PositiveIntegerField(help_text="The first that did")

    def __str__(self) -> str:
        return f"rehearsed by line {self.line}"
