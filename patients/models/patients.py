"""Patients."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from clinical_engine.common.models import IdentifiedModel
from submitters.models import Organisation


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
