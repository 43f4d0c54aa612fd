"""The catalogue of codes: what can be measured, and in which units."""

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q


class CodeSystem(models.TextChoices):
    """Where a code is defined; the value is the system's URI as FHIR writes it."""

    LOINC = "http://loinc.org", "LOINC"
    OWN = "urn:clinical-engine:codes", "Clinical Engine"


class ValueKind(models.TextChoices):
    """What kind of value a reading has."""

    QUANTITY = "quantity", "Quantity"
    BOOLEAN = "boolean", "Yes or no"


class Code(models.Model):
    """One code of the catalogue. `units` are UCUM, the first is the canonical one."""

    id = models.AutoField(primary_key=True)
    system = models.CharField(max_length=64, choices=CodeSystem, default=CodeSystem.LOINC)
    code = models.CharField(max_length=32)
    display = models.CharField(max_length=200)
    value_kind = models.CharField(max_length=16, choices=ValueKind, default=ValueKind.QUANTITY)
    is_computed = models.BooleanField(
        default=False, help_text="A result of scripts; no measurement may have it"
    )
    units = ArrayField(models.CharField(max_length=32), default=list, blank=True)

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
