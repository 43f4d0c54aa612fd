"""What scripts need to know about patients besides measurements: dated facts, and what takes them back."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Case, Exists, OuterRef, Q, Value, When
from django.db.models.functions import Now

from clinical_engine.common.models import IdentifiedModel
from patients.models.patients import Patient
from submitters.models import ApiClient, Organisation


class FactName(models.TextChoices):
    """What a fact is about."""

    SEX = "sex", "Sex"
    BIRTH_YEAR = "birth_year", "Birth year"
    SPO2_SCALE = "spo2_scale", "SpO2 scale"


class FactSource(models.TextChoices):
    """Where a fact, or what takes it back, came from."""

    API = "api", "API"
    STAFF = "staff", "Staff"


SEXES = ("female", "male", "other")
EARLIEST_BIRTH_YEAR, LATEST_BIRTH_YEAR = 1880, 2100
SPO2_SCALES = (1, 2)
_VALUE_KNOWN = (
    Q(name=FactName.SEX, value__in=SEXES)
    | Q(name=FactName.BIRTH_YEAR, value__regex=r"^(18[89]\d|19\d\d|20\d\d|2100)$")
    | Q(name=FactName.SPO2_SCALE, value__in=[str(scale) for scale in SPO2_SCALES])
)


class FactStatus(models.TextChoices):
    """Whether a fact counts, and for now."""

    HOLDS = "holds", "Holds now"
    STANDS = "stands", "Counts for another time"
    ENTERED_IN_ERROR = "entered-in-error", "Entered in error"


class FactQuerySet(models.QuerySet["PatientFact"]):
    """Facts, asked whether they count."""

    def standing(self) -> "FactQuerySet":
        """Those that nobody took back."""
        return self.filter(~is_taken_back())

    def with_status(self) -> "FactQuerySet":
        """Each with its `status`, a `FactStatus`, as of now."""
        of_same_name = PatientFact.objects.standing().filter(
            patient=OuterRef("patient"), name=OuterRef("name"), effective_from__lte=Now()
        )
        later = of_same_name.filter(
            Q(effective_from__gt=OuterRef("effective_from"))
            | Q(effective_from=OuterRef("effective_from"), client_id__gt=OuterRef("client_id"))
        )
        return self.annotate(
            status=Case(
                When(is_taken_back(), then=Value(FactStatus.ENTERED_IN_ERROR.value)),
                When(Q(effective_from__lte=Now()) & ~Exists(later), then=Value(FactStatus.HOLDS.value)),
                default=Value(FactStatus.STANDS.value),
            )
        )


class PatientFact(IdentifiedModel):
    """From `effective_from` on the patient's sex, birth year or SpO2 scale is `value`. Immutable: a trigger refuses updates.

    At a time the last one holds, by (effective_from, client_id), of those effective by then that nobody took back. Before the
    first one none holds, so a fact that always held is stated with an early `effective_from`.
    """

    # As with statements, a composite key made in the migration ties organisation and patient together.
    organisation = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, db_constraint=False, db_index=False, related_name="+"
    )
    patient = models.ForeignKey(
        Patient, on_delete=models.PROTECT, db_constraint=False, db_index=False, related_name="facts"
    )
    name = models.CharField(max_length=16, choices=FactName)
    value = models.CharField(max_length=8)
    effective_from = models.DateTimeField()
    # Collation C: of two facts with one `effective_from` the same holds on every server, and in Python.
    client_id = models.CharField(
        max_length=128, db_collation="C", help_text="The sender's own id of the fact"
    )
    source = models.CharField(max_length=8, choices=FactSource)
    api_client = models.ForeignKey(
        ApiClient, on_delete=models.PROTECT, null=True, db_index=False, related_name="+"
    )
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, db_index=False, related_name="+"
    )
    reason = models.CharField(max_length=500, blank=True, db_default="", help_text="Why staff stated it")
    recorded_at = models.DateTimeField(db_default=Now())

    objects = FactQuerySet.as_manager()

    class Meta:
        permissions: ClassVar = [("retract_patientfact", "Can say that a fact was entered in error")]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["organisation", "client_id"], name="fact_client_id_once"),
            models.CheckConstraint(condition=_VALUE_KNOWN, name="fact_value_known"),
            models.CheckConstraint(condition=Q(source__in=FactSource.values), name="fact_source_known"),
        ]
        indexes: ClassVar = [
            # All facts of a batch of patients at once, each patient's in the order in which they hold.
            models.Index(fields=["patient", "effective_from", "client_id"], name="fact_of_patient")
        ]

    def __str__(self) -> str:
        return f"fact {self.id}"

    @property
    def plain_value(self) -> str | int:
        """The value as JSON has it: a text, or a whole number."""
        return self.value if self.name == FactName.SEX else int(self.value)


class FactRetraction(models.Model):
    """Said of a fact: it was entered in error. It names the fact's client id, and may come in before it. Immutable, too."""

    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, db_index=False, related_name="+")
    client_id = models.CharField(max_length=128, db_collation="C", help_text="The fact's client_id")
    reason = models.CharField(max_length=500)
    source = models.CharField(max_length=8, choices=FactSource)
    api_client = models.ForeignKey(
        ApiClient, on_delete=models.PROTECT, null=True, db_index=False, related_name="+"
    )
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, db_index=False, related_name="+"
    )
    recorded_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints: ClassVar = [
            # Also the index by which facts that stand are told from those that do not.
            models.UniqueConstraint(fields=["organisation", "client_id"], name="fact_retraction_once"),
            models.CheckConstraint(
                condition=Q(source__in=FactSource.values), name="fact_retraction_source_known"
            ),
        ]

    def __str__(self) -> str:
        return f"retraction {self.pk}"


def is_taken_back() -> Exists:
    """Of a row of facts: whether somebody said that it was entered in error."""
    said = FactRetraction.objects.filter(
        organisation=OuterRef("organisation"), client_id=OuterRef("client_id")
    )
    return Exists(said)


class FactConflict(models.Model):
    """A fact whose client id had been used with other content: kept beside the first for staff to see."""

    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    fact = models.ForeignKey(PatientFact, on_delete=models.PROTECT, related_name="conflicts")
    external_id = models.CharField(max_length=128)
    name = models.CharField(max_length=16, choices=FactName)
    value = models.CharField(max_length=8)
    effective_from = models.DateTimeField()
    received_at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return f"conflict {self.pk}"
