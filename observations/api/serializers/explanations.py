"""How a computed value came about."""

from typing import Any

from rest_framework import serializers

from observations.api.serializers.observations import ObservationSerializer
from observations.models.scripts import PublicationKind


class PublicationSerializer(serializers.Serializer[Any]):
    """What brought a script version into force."""

    kind = serializers.ChoiceField(choices=PublicationKind.choices)
    effective_from = serializers.DateTimeField()
    published_at = serializers.DateTimeField()
    for_organisation = serializers.UUIDField(
        source="organisation_id", allow_null=True, help_text="For this one alone; null for all"
    )
    reason = serializers.CharField(allow_blank=True)


class ReadInputSerializer(serializers.Serializer[Any]):
    """One input of the script, as it was read."""

    name = serializers.CharField()
    declared = serializers.DictField(help_text="How the script version declares it")
    value = serializers.JSONField(
        allow_null=True, help_text="As the script saw it; null where there was none"
    )
    obstacle = serializers.CharField(
        allow_blank=True, help_text="Why nothing could be computed from it; mostly empty"
    )
    measurements = serializers.ListField(child=serializers.UUIDField(), source="sources.measurements")
    observations = serializers.ListField(child=serializers.UUIDField(), source="sources.observations")
    facts = serializers.ListField(child=serializers.UUIDField(), source="sources.facts")


class StepSerializer(serializers.Serializer[Any]):
    """One step of the run: a name was given a value, or a condition was decided."""

    line = serializers.IntegerField(help_text="Of the source, from 1")
    name = serializers.CharField(allow_null=True, help_text="What was given a value; null of a condition")
    condition = serializers.CharField(
        allow_null=True, help_text="The line of the condition; null of an assignment"
    )
    value = serializers.CharField(help_text="As the language writes it, at most 200 characters")


class ExplanationSerializer(serializers.Serializer[Any]):
    """How a computed value came about, computed again from what it names as its sources."""

    observation = ObservationSerializer()
    script_text = serializers.CharField(help_text="The source of the script version")
    publication = PublicationSerializer(allow_null=True)
    inputs = ReadInputSerializer(many=True)
    steps = StepSerializer(many=True, help_text="In the order of the run; none where the script did not run")
    steps_complete = serializers.BooleanField(help_text="False where the run had more than 500 steps")
    difference = serializers.CharField(
        allow_blank=True,
        help_text="Empty where it gives the same again; anything else is a fault: tell our staff",
    )
    superseded_by = serializers.UUIDField(
        allow_null=True, help_text="The next observation as of the same time, of one that was superseded"
    )
