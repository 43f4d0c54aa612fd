"""Who is linked to whom, and over which periods."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from patients.models.patients import Patient
from submitters.models import Organisation, Submitter


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
