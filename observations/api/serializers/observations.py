"""Computed values, what has become of them, and how they came about."""

from typing import Any

from rest_framework import serializers

from clinical_engine.api.schema import PageSerializer
from observations.models import Interpretation
from observations.scripts.declarations import OutputKind


class OutputSerializer(serializers.Serializer[Any]):
    """An output field of a script."""

    kind = serializers.ChoiceField(
        choices=[kind.value for kind in OutputKind], default=OutputKind.NUMBER.value
    )
    code = serializers.CharField(required=False, help_text="What it is filed under")
    unit = serializers.CharField(required=False, help_text="UCUM; of numbers that have one")
    answers = serializers.ListField(
        child=serializers.CharField(), required=False, help_text="The codes that a coded one may be"
    )


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
    interpretation = serializers.ChoiceField(
        choices=Interpretation.choices,
        allow_blank=True,
        help_text="What it means for the patient, as the script says; empty where it says nothing",
    )
    derived_from = serializers.ListField(
        child=serializers.UUIDField(), help_text="The measurements, oldest first"
    )
    from_observations = serializers.ListField(
        child=serializers.UUIDField(), help_text="The results of other scripts, oldest first"
    )
    from_facts = serializers.ListField(child=serializers.UUIDField(), help_text="The facts about the patient")
    computed_at = serializers.DateTimeField()
    superseded_at = serializers.DateTimeField(allow_null=True)
    superseded_because = serializers.CharField(allow_blank=True, help_text="Empty while it is current")


class ObservationPageSerializer(PageSerializer):
    """Some of a patient's observations."""

    results = ObservationSerializer(many=True)


class ChangedObservationSerializer(ObservationSerializer):
    """An observation as it is now, of whichever patient."""

    organisation = serializers.UUIDField(source="organisation_id")
    patient = serializers.UUIDField(source="patient_id")


class ChangesSerializer(serializers.Serializer[Any]):
    """What was written or superseded behind a cursor."""

    cursor = serializers.CharField(help_text="Where to go on, whether there was anything or not: keep it")
    next = serializers.URLField(help_text="The address that goes on there")
    more = serializers.BooleanField(help_text="Whether more is ready: ask again at once")
    lag_seconds = serializers.IntegerField(
        help_text="For how long the oldest change that is not given out yet waits for transactions that began before it"
    )
    results = ChangedObservationSerializer(many=True)
