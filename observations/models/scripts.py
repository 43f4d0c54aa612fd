"""Observation scripts, their versions, and which version is in force when."""

from typing import Any, ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from clinical_engine.common.models import IdentifiedModel
from observations.models.codes import Code
from patients.models import Patient
from submitters.models import Organisation


def _account(*, help_text: str = "") -> "models.ForeignKey[models.Model | None, models.Model | None]":
    return models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        editable=False,
        db_index=False,
        related_name="+",
        help_text=help_text,
    )


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
    """One version of a script: inputs, source, output and test cases. A draft until it is published, immutable from then on.

    `inputs`, `outputs` and `test_cases` are as `observations.scripts.declarations` and `docs/script-versions.md` describe.
    A proposal waits for a second person, who publishes it.
    """

    script = models.ForeignKey(ObservationScript, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    language_version = models.PositiveSmallIntegerField(default=1)
    source = models.TextField()
    inputs = models.JSONField()
    input_order = ArrayField(
        models.TextField(),
        default=list,
        db_default=[],
        help_text="The names of the inputs as their author declared them: jsonb keeps names in an order of its own",
    )
    code = models.ForeignKey(
        Code, on_delete=models.PROTECT, related_name="+", help_text="What the result is filed under"
    )
    outputs = models.JSONField()
    test_cases = models.JSONField(default=list)
    note = models.CharField(max_length=500, blank=True, db_default="", help_text="What it changes, and why")
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    edited_at = models.DateTimeField(db_default=Now(), editable=False)
    edited_by = _account(help_text="Who wrote it, or changed it last; nobody for what came with a release")
    proposed_at = models.DateTimeField(null=True, editable=False)
    proposed_by = _account()
    proposed_effective_from = models.DateTimeField(null=True, editable=False)
    published_at = models.DateTimeField(null=True, editable=False, help_text="For the first time")
    failures_in_a_row = models.PositiveIntegerField(
        db_default=0, editable=False, help_text="Patients for whom it failed since it last computed something"
    )
    failing_since = models.DateTimeField(
        null=True, editable=False, help_text="When the first of them failed, while there is any"
    )
    suspended_at = models.DateTimeField(null=True, editable=False)
    suspended_because = models.CharField(max_length=300, blank=True, db_default="", editable=False)
    suspended_as_of = models.DateTimeField(
        null=True, editable=False, help_text="The earliest time as of which it computed nothing meanwhile"
    )

    class Meta:
        permissions: ClassVar = [
            ("publish_scriptversion", "Can publish, roll back, pin and withdraw script versions"),
            (
                "rehearse_scriptversion",
                "Can run a script version on a patient's data without storing results",
            ),
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["script", "number"], name="script_version_number_once"),
            models.CheckConstraint(
                condition=Q(proposed_at__isnull=True, proposed_effective_from__isnull=True)
                | Q(proposed_at__isnull=False, proposed_effective_from__isnull=False),
                name="script_version_proposal_whole",
            ),
            models.CheckConstraint(
                condition=Q(suspended_at__isnull=True) | Q(published_at__isnull=False),
                name="script_version_suspended_when_published",
            ),
        ]
        ordering: ClassVar = ["script", "-number"]

    def __str__(self) -> str:
        return f"{self.script} v{self.number}"

    @property
    def declared(self) -> dict[str, Any]:
        """The inputs in the order of their author; those that no order was kept of come last, as they are stored."""
        known = [name for name in self.input_order if name in self.inputs]
        return {name: self.inputs[name] for name in dict.fromkeys([*known, *self.inputs])}

    @property
    def cases(self) -> list[dict[str, Any]]:
        """The test cases, the inputs of each in the order in which they are declared."""
        places = {name: place for place, name in enumerate(self.declared)}

        def ordered(inputs: dict[str, Any]) -> dict[str, Any]:
            return dict(sorted(inputs.items(), key=lambda one: places.get(one[0], len(places))))

        return [
            {**case, "inputs": ordered(case["inputs"])} if "inputs" in case else case
            for case in self.test_cases
        ]


class PublicationKind(models.TextChoices):
    """Why a publication was made."""

    PUBLISH = "publish", "Published"
    ROLL_BACK = "roll-back", "Rolled back"
    PIN = "pin", "Pinned"
    UNPIN = "unpin", "Pin lifted"
    WITHDRAW = "withdraw", "Withdrawn"


class Publication(models.Model):
    """From `effective_from` on a version is in force, for one organisation or for all. Append-only; the later one counts.

    An organisation's own publication goes before those for all. No version: for all, nothing is computed any more; for one
    organisation, those for all count again.
    """

    id = models.BigAutoField(primary_key=True)
    script = models.ForeignKey(ObservationScript, on_delete=models.PROTECT, related_name="publications")
    version = models.ForeignKey(
        ScriptVersion, on_delete=models.PROTECT, null=True, related_name="publications"
    )
    organisation = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, null=True, db_index=False, related_name="+"
    )
    kind = models.CharField(max_length=16, choices=PublicationKind)
    effective_from = models.DateTimeField()
    published_at = models.DateTimeField(db_default=Now())
    published_by = _account(help_text="Nobody for what came with a release")
    proposed_by = _account()
    reason = models.CharField(max_length=500, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(kind__in=PublicationKind.values), name="publication_kind_known"
            ),
            models.CheckConstraint(
                condition=Q(version__isnull=True, kind__in=["unpin", "withdraw"])
                | (Q(version__isnull=False) & ~Q(kind__in=["unpin", "withdraw"])),
                name="publication_version_unless_ended",
            ),
            models.CheckConstraint(
                condition=Q(organisation__isnull=False, kind__in=["pin", "unpin"])
                | (Q(organisation__isnull=True) & ~Q(kind__in=["pin", "unpin"])),
                name="publication_organisation_when_pinned",
            ),
            models.CheckConstraint(
                condition=Q(published_by__isnull=True) | ~Q(published_by=F("proposed_by")),
                name="publication_by_second_person",
            ),
        ]

    def __str__(self) -> str:
        return f"publication {self.id}"


class ScriptFailure(models.Model):
    """That a version failed for a patient, and has not computed anything for them since. No patient's value is in its message."""

    id = models.BigAutoField(primary_key=True)
    version = models.ForeignKey(ScriptVersion, on_delete=models.PROTECT, related_name="failures")
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, db_index=False, related_name="+")
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, db_index=False, related_name="+")
    message = models.CharField(max_length=300, help_text="With line and column")
    as_of = models.DateTimeField(help_text="The earliest time as of which it failed")
    failed_at = models.DateTimeField(db_default=Now(), help_text="Last")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["patient", "version"], name="script_failure_once")
        ]
        indexes: ClassVar = [models.Index(fields=["failed_at"], name="script_failure_lately")]

    def __str__(self) -> str:
        return f"failure {self.id}"
