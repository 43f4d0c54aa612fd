"""Observation scripts and their immutable versions."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from clinical_engine.common.models import IdentifiedModel
from observations.models.codes import Code
from submitters.models import Organisation


class ObservationScript(IdentifiedModel):
    """The definition of a scripted observation; what it computes is in its versions."""

    name = models.SlugField(max_length=64, unique=True)
    title = models.CharField(max_length=200)
    organisation = models.ForeignKey(
        Organisation,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text="Empty: for all",
    )
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        ordering: ClassVar = ["title"]

    def __str__(self) -> str:
        return self.title


class ScriptVersion(IdentifiedModel):
    """One immutable version of a script: inputs, source, output, test cases, and from when on it is in force.

    `inputs` maps a name in the source to {"code", "how": "all_within", "window_seconds"}; `outputs` maps each field of the
    result to {"code", "unit"}; `test_cases` is a list of {"inputs": {name: [values]}, "expected": {field: value}}.
    """

    script = models.ForeignKey(ObservationScript, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    language_version = models.PositiveSmallIntegerField(default=1)
    source = models.TextField()
    inputs = models.JSONField()
    code = models.ForeignKey(
        Code, on_delete=models.PROTECT, related_name="+", help_text="What the result is filed under"
    )
    outputs = models.JSONField()
    test_cases = models.JSONField(default=list)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    published_at = models.DateTimeField(null=True, editable=False)
    published_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, editable=False, related_name="+"
    )
    effective_from = models.DateTimeField(null=True, editable=False)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["script", "number"], name="script_version_number_once"),
            models.CheckConstraint(
                condition=Q(published_at__isnull=True, effective_from__isnull=True)
                | Q(published_at__isnull=False, effective_from__isnull=False),
                name="script_version_effective_when_published",
            ),
        ]
        ordering: ClassVar = ["script", "-number"]

    def __str__(self) -> str:
        return f"{self.script} v{self.number}"
