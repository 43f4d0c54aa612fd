"""What the API takes and gives of measurements, observations and patients."""

from decimal import Decimal
from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field, extend_schema_serializer
from rest_framework import serializers

from clinical_engine.api.fields import IdentifierField, InstantField, StrictSerializer
from clinical_engine.api.schema import PageSerializer, ProblemErrorSerializer, ProblemSerializer
from clinical_engine.jobs.api.serializers import JobSerializer
from observations.api import readout
from observations.api.decoding import MAX_ITEMS
from observations.intake import Outcome
from observations.intake.checking import MAX_COMPONENTS
from observations.intake.corrections import MAX_REASON
from observations.models import CodeSystem, Measurement, MeasurementStatus
from patients.models import StatementKind

_SINGLE = [{"type": "number"}, {"type": "boolean"}, {"type": "string"}]


@extend_schema_field({"oneOf": _SINGLE, "example": 104.5})
class _ValueField(serializers.Field[Any, Any, Any, Any]):
    """A number, a boolean or a text."""


_VALUE_HELP = "A JSON number, true or false, the code of an answer or a text, as the code asks"
_UNIT_HELP = "UCUM; for numbers only, one that the catalogue has for the code"


@extend_schema_serializer(component_name="ReadingComponent")
class ComponentRequestSerializer(serializers.Serializer[Any]):
    """One value of a reading of several."""

    code = serializers.CharField(help_text="Of a component, or of an item of a questionnaire")
    value = _ValueField(help_text=_VALUE_HELP)
    unit = serializers.CharField(required=False, allow_null=True, help_text=_UNIT_HELP)


@extend_schema_serializer(component_name="Reading")
class MeasurementRequestItemSerializer(serializers.Serializer[Any]):
    """One reading."""

    # Describes the body only; msgspec decodes it.

    client_id = IdentifierField(
        help_text="Your own id of this reading: sent again with the same content it is a duplicate"
    )
    external_id = IdentifierField(help_text="The patient as the vitals app knows it")
    code = serializers.CharField(help_text="LOINC, or one of our own codes")
    value = _ValueField(required=False, help_text=f"{_VALUE_HELP}; not with components")
    unit = serializers.CharField(required=False, allow_null=True, help_text=_UNIT_HELP)
    components = serializers.ListField(
        child=ComponentRequestSerializer(),
        required=False,
        allow_null=True,
        max_length=MAX_COMPONENTS,
        help_text="In place of value, where the code has several: a panel, a questionnaire",
    )
    measured_at = InstantField(help_text="With a time zone; at most 10 minutes in the future")
    replaces = IdentifierField(
        required=False,
        allow_null=True,
        help_text="The client_id of the reading that this one corrects, which then counts no longer; it may be sent later",
    )


@extend_schema_serializer(component_name="Measurements")
class MeasurementsRequestSerializer(serializers.Serializer[Any]):
    """1 to 1,000 readings of one organisation."""

    organisation = serializers.UUIDField()
    measurements = serializers.ListField(
        child=MeasurementRequestItemSerializer(), min_length=1, max_length=MAX_ITEMS
    )


_OUTCOMES = [
    (Outcome.ACCEPTED, "stored, and counts"),
    (Outcome.HELD, "stored, and counts as soon as its patient is linked at that time"),
    (Outcome.DUPLICATE, "was stored before with the same content"),
    (Outcome.CONFLICT, "its client_id was used before with other content, which stands"),
    (Outcome.REFUSED, "not stored, as `errors` says"),
]


class MeasurementResultSerializer(serializers.Serializer[Any]):
    """What became of one reading."""

    client_id = serializers.CharField(allow_null=True, help_text="As sent; null when it cannot be read")
    outcome = serializers.ChoiceField(choices=_OUTCOMES)
    measurement = serializers.UUIDField(
        allow_null=True,
        help_text="The stored one; the first one for a duplicate or a conflict; null when refused",
    )
    flags = serializers.ListField(
        child=serializers.ChoiceField(
            choices=[("implausible", "outside the range that the catalogue has for it")]
        ),
        required=False,
        help_text="What staff should look at; the reading counts all the same",
    )
    errors = ProblemErrorSerializer(many=True, required=False)  # type: ignore[assignment]


class MeasurementResultsSerializer(serializers.Serializer[Any]):
    """The answer to every reading, in the order they were sent."""

    results = MeasurementResultSerializer(many=True)


class MeasurementsProblemSerializer(ProblemSerializer):
    """Some readings were refused; `results` answers every one, those that were stored too.

    Without `results` nothing was stored.
    """

    results = MeasurementResultSerializer(many=True, required=False)


_NUMBER_OR_NULL = {"type": "number", "nullable": True}


class ComponentSerializer(serializers.Serializer[Any]):
    """One value of a stored measurement of several."""

    code = serializers.CharField()
    value = _ValueField(help_text="As sent")
    unit = serializers.CharField(allow_blank=True, help_text="UCUM, as sent; empty for what is no number")
    canonical_value = serializers.FloatField(
        allow_null=True, help_text="In the catalogue's unit; numbers only"
    )


class MeasurementSerializer(serializers.Serializer[Any]):
    """A stored measurement."""

    id = serializers.UUIDField()
    client_id = serializers.CharField()
    code = serializers.CharField(source="code.code")
    system = serializers.ChoiceField(source="code.system", choices=CodeSystem.choices)
    display = serializers.CharField(source="code.display")
    value = serializers.SerializerMethodField()
    unit = serializers.CharField(allow_blank=True, help_text="UCUM, as sent; empty for what is no number")
    canonical_value = serializers.SerializerMethodField()
    canonical_unit = serializers.SerializerMethodField()
    components = serializers.SerializerMethodField()
    measured_at = serializers.SerializerMethodField()
    received_at = serializers.DateTimeField()
    replaces = serializers.CharField(allow_blank=True, help_text="The client_id of the one that it corrects")
    implausible = serializers.BooleanField(
        source="is_implausible", help_text="Outside the range that the catalogue had for it"
    )
    status = serializers.SerializerMethodField()

    @extend_schema_field({"oneOf": _SINGLE, "nullable": True})
    def get_value(self, measurement: Any) -> Decimal | bool | str | None:  # noqa: ANN401 - DRF
        """The value as sent; null where there are components."""
        return readout.value_of(measurement)

    @extend_schema_field(_NUMBER_OR_NULL)
    def get_canonical_value(self, measurement: Measurement) -> Decimal | None:
        """The number in the catalogue's unit; null for what is no number."""
        return measurement.canonical_quantity

    def get_canonical_unit(self, measurement: Any) -> str:  # noqa: ANN401 - annotated
        """The catalogue's unit (UCUM); empty for what is no number."""
        return "" if measurement.value_quantity is None else measurement.canonical_unit or ""

    @extend_schema_field(ComponentSerializer(many=True))
    def get_components(self, measurement: Measurement) -> list[dict[str, Any]]:
        """The values of a reading of several."""
        return readout.components_of(measurement)

    @extend_schema_field(OpenApiTypes.DATETIME)
    def get_measured_at(self, measurement: Measurement) -> str:
        """The time with the offset it was sent with."""
        return str(measurement.local_measured_at.isoformat())

    @extend_schema_field({"type": "string", "enum": ["counted", "held", "replaced", "entered-in-error"]})
    def get_status(self, measurement: Measurement) -> str:
        """`counted`, `held` while no association covers it, or how it was taken back."""
        if measurement.status != MeasurementStatus.FINAL:
            return measurement.status
        return "held" if measurement.association_id is None else "counted"


@extend_schema_serializer(component_name="EnteredInError")
class EnteredInErrorRequestSerializer(StrictSerializer):
    """Why a measurement does not count."""

    reason = IdentifierField(max_length=MAX_REASON, help_text="For people; no patient's name")


@extend_schema_serializer(component_name="EnteredInErrorByClientId")
class EnteredInErrorByClientIdRequestSerializer(EnteredInErrorRequestSerializer):
    """The same of one that is named by its own client_id, and may come in later."""

    organisation = serializers.UUIDField()
    client_id = IdentifierField(help_text="The measurement's")


class CorrectionAcceptedSerializer(serializers.Serializer[Any]):
    """The answer."""

    outcome = serializers.ChoiceField(
        choices=[
            ("accepted", "it will count no longer"),
            ("duplicate", "was said before; the first reason stands"),
        ]
    )
    job = serializers.UUIDField()


class OutputSerializer(serializers.Serializer[Any]):
    """An output field of a script."""

    code = serializers.CharField()
    unit = serializers.CharField(help_text="UCUM")


class ObservationSerializer(serializers.Serializer[Any]):
    """A computed value with its provenance."""

    id = serializers.UUIDField()
    script = serializers.CharField(source="script.name")
    script_version = serializers.UUIDField(source="script_version_id")
    script_version_number = serializers.IntegerField(source="script_version.number")
    code = serializers.CharField(source="code.code")
    display = serializers.CharField(source="code.display")
    as_of = serializers.DateTimeField()
    value = serializers.DictField(
        allow_null=True, help_text="By output field, unrounded; null when not computable"
    )
    outputs = serializers.DictField(
        child=OutputSerializer(), source="script_version.outputs", help_text="What each output field is"
    )
    not_computable = serializers.CharField(
        allow_blank=True, help_text="Why there is no value; empty when there is one"
    )
    derived_from = serializers.ListField(
        child=serializers.UUIDField(), help_text="The measurements, oldest first"
    )
    computed_at = serializers.DateTimeField()
    superseded_at = serializers.DateTimeField(allow_null=True)
    superseded_because = serializers.CharField(allow_blank=True, help_text="Empty while it is current")


@extend_schema_serializer(component_name="Lookup")
class LookupRequestSerializer(StrictSerializer):
    """Whom to look up. In the body, since no patient identifier belongs in a URL."""

    organisation = serializers.UUIDField()
    external_id = IdentifierField()


class AssociationSerializer(serializers.Serializer[Any]):
    """A link to a submitter."""

    submitter = serializers.UUIDField(source="submitter_id")
    submitter_name = serializers.CharField(source="submitter.name")
    associated_at = serializers.DateTimeField()
    dissociated_at = serializers.DateTimeField(allow_null=True)


class WaitingStatementSerializer(serializers.Serializer[Any]):
    """An accepted statement that the associations do not show yet."""

    statement = serializers.UUIDField(source="id")
    kind = serializers.ChoiceField(choices=StatementKind.choices)
    submitter = serializers.UUIDField(source="submitter_id")
    effective_at = serializers.DateTimeField()
    due_at = serializers.DateTimeField()
    job = serializers.UUIDField(source="job_id")


class HeldSerializer(serializers.Serializer[Any]):
    """The measurements that no association covers."""

    count = serializers.IntegerField()
    oldest_measured_at = serializers.DateTimeField(allow_null=True)


class PatientSerializer(serializers.Serializer[Any]):
    """All that the vitals app needs to verify that its activation arrived."""

    id = serializers.UUIDField()
    organisation = serializers.UUIDField(source="organisation_id")
    external_id = serializers.CharField()
    linked = serializers.BooleanField(help_text="Whether the patient is associated with any submitter now")
    associations = AssociationSerializer(many=True, help_text="The latest first")
    waiting_statements = WaitingStatementSerializer(many=True)
    held_measurements = HeldSerializer()
    last_job = JobSerializer(allow_null=True)


class MeasurementPageSerializer(PageSerializer):
    """Some of a patient's measurements."""

    results = MeasurementSerializer(many=True)


class ObservationPageSerializer(PageSerializer):
    """Some of a patient's observations."""

    results = ObservationSerializer(many=True)
