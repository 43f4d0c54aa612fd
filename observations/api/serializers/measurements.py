"""Stored measurements, and what takes them back."""

from decimal import Decimal
from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field, extend_schema_serializer
from rest_framework import serializers

from clinical_engine.api.fields import IdentifierField, StrictSerializer
from clinical_engine.api.schema import PageSerializer
from observations.api import readout
from observations.api.serializers.values import SINGLE, ValueField
from observations.intake.corrections import MAX_REASON
from observations.models import CodeSystem, Measurement, MeasurementStatus

_NUMBER_OR_NULL = {"type": "number", "nullable": True}


class ComponentSerializer(serializers.Serializer[Any]):
    """One value of a stored measurement of several."""

    code = serializers.CharField()
    value = ValueField(help_text="As sent")
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

    @extend_schema_field({"oneOf": SINGLE, "nullable": True})
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
    def get_components(self, measurement: Any) -> list[dict[str, Any]]:  # noqa: ANN401 - annotated
        """The values of a reading of several, in the catalogue's order."""
        return readout.components_of(measurement, measurement.part_codes)

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


class MeasurementPageSerializer(PageSerializer):
    """Some of a patient's measurements."""

    results = MeasurementSerializer(many=True)
