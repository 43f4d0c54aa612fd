"""The catalogue of codes: what can be measured, how it is sent, and what is plausible."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from observations.models.fields import NumericField


class CodeSystem(models.TextChoices):
    """Where a code is defined; the value is the system's URI as FHIR writes it."""

    LOINC = "http://loinc.org", "LOINC"
    OWN = "urn:clinical-engine:codes", "Clinical Engine"


class ValueKind(models.TextChoices):
    """What kind of value a reading has."""

    QUANTITY = "quantity", "Quantity"
    BOOLEAN = "boolean", "Yes or no"
    CODED = "coded", "One of several answers"
    TEXT = "text", "Text"
    COMPONENTS = "components", "Several values of one reading"
    QUESTIONNAIRE = "questionnaire", "Questionnaire, answered item by item"


# Those whose value is made of other codes' values.
COMPOSED = (ValueKind.COMPONENTS, ValueKind.QUESTIONNAIRE)


class Code(models.Model):
    """One code of the catalogue. Only `observations.catalogue.services` changes it: whatever reads it in bulk keeps a copy."""

    id = models.AutoField(primary_key=True)
    system = models.CharField(max_length=64, choices=CodeSystem, default=CodeSystem.LOINC)
    code = models.CharField(max_length=32)
    display = models.CharField(max_length=200)
    value_kind = models.CharField(max_length=16, choices=ValueKind, default=ValueKind.QUANTITY)
    is_computed = models.BooleanField(
        default=False, help_text="A result of scripts; no measurement may have it"
    )
    plausible_low = NumericField(
        null=True,
        blank=True,
        help_text="In the canonical unit. A value below it is accepted, and flagged as implausible",
    )
    plausible_high = NumericField(null=True, blank=True, help_text="The same for a value above it")
    molar_mass = NumericField(
        null=True,
        blank=True,
        help_text="In g/mol, of what is measured, where mass and amount of substance may be converted into each other",
    )

    class Meta:
        ordering: ClassVar = ["display"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["code"], name="code_once"),
            models.CheckConstraint(condition=Q(system__in=CodeSystem.values), name="code_system_known"),
            models.CheckConstraint(
                condition=Q(value_kind__in=ValueKind.values), name="code_value_kind_known"
            ),
        ]

    def __str__(self) -> str:
        return self.display


class CodeUnit(models.Model):
    """A unit in which a code's quantity may be sent. The one at position 0 is the canonical one.

    In it the quantity is `(sent + shift) * numerator / denominator`, as `observations.catalogue.units` worked out.
    """

    code = models.ForeignKey(Code, on_delete=models.CASCADE, related_name="units")
    position = models.PositiveSmallIntegerField()
    unit = models.CharField(max_length=32, help_text="UCUM")
    shift = NumericField(default=0)
    numerator = NumericField(default=1)
    denominator = NumericField(default=1)

    class Meta:
        ordering: ClassVar = ["position"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["code", "unit"], name="code_unit_once"),
            models.UniqueConstraint(
                fields=["code", "position"],
                name="code_unit_position_once",
                deferrable=models.Deferrable.DEFERRED,
            ),
        ]

    def __str__(self) -> str:
        return self.unit


class CodeAnswer(models.Model):
    """An answer that a coded reading may have; a code without answers takes any."""

    code = models.ForeignKey(Code, on_delete=models.CASCADE, related_name="answers")
    position = models.PositiveSmallIntegerField()
    answer = models.CharField(max_length=64, help_text="The answer's code, as it is sent")
    display = models.CharField(max_length=200)
    score = NumericField(null=True, blank=True, help_text="What it counts in a score")

    class Meta:
        ordering: ClassVar = ["position"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["code", "answer"], name="code_answer_once")]

    def __str__(self) -> str:
        return self.display


class CodePart(models.Model):
    """A value that a composed reading has: a component of a panel, or an item of a questionnaire."""

    panel = models.ForeignKey(Code, on_delete=models.CASCADE, related_name="parts")
    position = models.PositiveSmallIntegerField()
    part = models.ForeignKey(Code, on_delete=models.PROTECT, related_name="+")
    is_required = models.BooleanField(default=True)

    class Meta:
        ordering: ClassVar = ["position"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["panel", "part"], name="code_part_once")]

    def __str__(self) -> str:
        return str(self.part)


class CatalogueState(models.Model):
    """One row: when the catalogue changed last, kept by triggers. It tells who keeps a copy whether that is still true."""

    changed_at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return f"changed at {self.changed_at}"
