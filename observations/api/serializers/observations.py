"""Computed values."""

from typing import Any

from rest_framework import serializers

from clinical_engine.api.schema import PageSerializer


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


class ObservationPageSerializer(PageSerializer):
    """Some of a patient's observations."""

    results = ObservationSerializer(many=True)
