"""Observations: computed values with their provenance, superseded but never overwritten."""

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from clinical_engine.common.models import IdentifiedModel
from observations.models.codes import Code
from observations.models.fields import ThisTransaction, TransactionIdField
from observations.models.scripts import ObservationScript, ScriptVersion
from patients.models import Patient
from submitters.models import Organisation


class Interpretation(models.TextChoices):
    """What a result means for the patient, as its script says."""

    NORMAL = "normal", "Normal"
    ABNORMAL = "abnormal", "Abnormal"
    CRITICAL = "critical", "Critical"


NOT_COMPUTABLE_LENGTH = 200


class Observation(IdentifiedModel):
    """What a script version computed about a patient as of a time, and from which measurements, facts and other results.

    `value` maps each output field to a number, text or boolean, unrounded; None when the result is 'not computable'.
    """

    # As with measurements, a composite key made in the migration ties organisation and patient together.
    organisation = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, db_constraint=False, db_index=False, related_name="+"
    )
    patient = models.ForeignKey(
        Patient, on_delete=models.PROTECT, db_constraint=False, db_index=False, related_name="observations"
    )
    script = models.ForeignKey(ObservationScript, on_delete=models.PROTECT, db_index=False, related_name="+")
    script_version = models.ForeignKey(
        ScriptVersion, on_delete=models.PROTECT, db_index=False, related_name="+"
    )
    code = models.ForeignKey(Code, on_delete=models.PROTECT, db_index=False, related_name="+")
    as_of = models.DateTimeField()
    value = models.JSONField(null=True)
    not_computable = models.CharField(
        max_length=NOT_COMPUTABLE_LENGTH, blank=True, db_default="", help_text="Why there is no value"
    )
    interpretation = models.CharField(max_length=16, choices=Interpretation, blank=True, db_default="")
    derived_from = ArrayField(
        models.UUIDField(), help_text="The measurements it was computed from, oldest first"
    )
    from_observations = ArrayField(
        models.UUIDField(),
        default=list,
        db_default=[],
        help_text="The results of other scripts that it was computed from, oldest first",
    )
    from_facts = ArrayField(
        models.UUIDField(), default=list, db_default=[], help_text="The facts about the patient that it reads"
    )
    computed_at = models.DateTimeField(db_default=Now())
    superseded_at = models.DateTimeField(null=True)
    superseded_because = models.CharField(max_length=200, blank=True, db_default="")
    changed_in = TransactionIdField(
        db_default=ThisTransaction(),
        help_text="The transaction that wrote or superseded it last: what those who follow changes go by",
    )

    class Meta:
        constraints: ClassVar = [
            # Never more than one current result per script, patient and time; also the index of 'the current ones'.
            models.UniqueConstraint(
                fields=["patient", "script", "as_of"],
                condition=Q(superseded_at=None),
                name="observation_current_once",
            ),
            models.CheckConstraint(
                condition=Q(value__isnull=False, not_computable="")
                | (Q(value__isnull=True) & ~Q(not_computable="")),
                name="observation_value_or_reason",
            ),
            models.CheckConstraint(
                condition=Q(interpretation__in=["", *Interpretation.values]),
                name="observation_interpretation_known",
            ),
        ]
        indexes: ClassVar = [
            # A patient's results with the superseded ones among them.
            models.Index(fields=["patient", "-as_of"], name="observation_of_patient"),
            # What an organisation's results have become since a reader looked last.
            models.Index(fields=["organisation", "changed_in", "id"], name="observation_changes"),
        ]

    def __str__(self) -> str:
        return f"observation {self.id}"
