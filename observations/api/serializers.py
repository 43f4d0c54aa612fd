"""What the API takes and gives of measurements, observations and patients."""

from typing import Any

from rest_framework import serializers

from clinical_engine.api.fields import IdentifierField, InstantField
from clinical_engine.api.schema import ProblemErrorSerializer, ProblemSerializer
from clinical_engine.jobs.api.serializers import JobSerializer
from observations.intake import Outcome


class MeasurementRequestItemSerializer(serializers.Serializer[Any]):
    """One reading. Describes the body; msgspec decodes it."""

    client_id = IdentifierField(help_text="Your own id of this reading: sent again with the same content it is a duplicate")
    external_id = IdentifierField(help_text="The patient as the vitals app knows it")
    code = serializers.CharField(help_text="LOINC, or one of our own codes")
    value = serializers.JSONField(help_text="A JSON number, or true or false, as the code asks")
    unit = serializers.CharField(required=False, help_text="UCUM; for numbers only")
    measured_at = InstantField(help_text="With a time zone; at most 10 minutes in the future")


class MeasurementsRequestSerializer(serializers.Serializer[Any]):
    """1 to 1,000 readings of one organisation."""

    organisation = serializers.UUIDField()
    measurements = MeasurementRequestItemSerializer(many=True)


class MeasurementResultSerializer(serializers.Serializer[Any]):
    """What became of one reading."""

    client_id = serializers.CharField(allow_null=True)
    outcome = serializers.ChoiceField(choices=[outcome.value for outcome in Outcome])
    measurement = serializers.UUIDField(allow_null=True)
    errors = ProblemErrorSerializer(many=True, required=False)


class MeasurementResultsSerializer(serializers.Serializer[Any]):
    """The answer to every reading, in the order they were sent."""

    results = MeasurementResultSerializer(many=True)


class MeasurementsProblemSerializer(ProblemSerializer):
    """Some readings were refused; `results` answers every one, those that were stored too."""

    results = MeasurementResultSerializer(many=True)


class MeasurementSerializer(serializers.Serializer[Any]):
    """A stored measurement."""

    id = serializers.UUIDField()
    client_id = serializers.CharField()
    code = serializers.CharField(source="code.code")
    system = serializers.CharField(source="code.system")
    display = serializers.CharField(source="code.display")
    value = serializers.SerializerMethodField()
    unit = serializers.CharField(allow_blank=True)
    measured_at = serializers.SerializerMethodField()
    received_at = serializers.DateTimeField()
    status = serializers.SerializerMethodField()

    def get_value(self, measurement: Any) -> float | bool:  # noqa: ANN401 - DRF's instance
        """The number or boolean as sent."""
        quantity = measurement.value_quantity
        return bool(measurement.value_boolean) if quantity is None else quantity

    def get_measured_at(self, measurement: Any) -> str:  # noqa: ANN401 - DRF's instance
        """The time with the offset it was sent with."""
        return str(measurement.local_measured_at.isoformat())

    def get_status(self, measurement: Any) -> str:  # noqa: ANN401 - DRF's instance
        """`counted`, or `held` while no association covers it."""
        return "held" if measurement.association_id is None else "counted"


class ObservationSerializer(serializers.Serializer[Any]):
    """A computed value with its provenance."""

    id = serializers.UUIDField()
    script = serializers.CharField(source="script.name")
    script_version = serializers.UUIDField(source="script_version_id")
    script_version_number = serializers.IntegerField(source="script_version.number")
    code = serializers.CharField(source="code.code")
    display = serializers.CharField(source="code.display")
    as_of = serializers.DateTimeField()
    value = serializers.JSONField(allow_null=True, help_text="By output field, unrounded; null when not computable")
    outputs = serializers.JSONField(source="script_version.outputs", help_text="Code and unit of each output field")
    not_computable = serializers.CharField(allow_blank=True, help_text="Why there is no value")
    derived_from = serializers.ListField(child=serializers.UUIDField(), help_text="The measurements, oldest first")
    computed_at = serializers.DateTimeField()
    superseded_at = serializers.DateTimeField(allow_null=True)
    superseded_because = serializers.CharField(allow_blank=True)


class LookupRequestSerializer(serializers.Serializer[Any]):
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
    kind = serializers.CharField()
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
