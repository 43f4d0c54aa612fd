"""Measurements as they are sent, and what became of each."""

from typing import Any

from drf_spectacular.utils import extend_schema_serializer
from rest_framework import serializers

from clinical_engine.api.fields import IdentifierField, InstantField
from clinical_engine.api.schema import ProblemErrorSerializer, ProblemSerializer
from observations.api.decoding import MAX_ITEMS
from observations.api.serializers.values import UNIT_HELP, VALUE_HELP, ValueField
from observations.intake import Outcome
from observations.intake.checking import MAX_COMPONENTS


@extend_schema_serializer(component_name="ReadingComponent")
class ComponentRequestSerializer(serializers.Serializer[Any]):
    """One value of a reading of several."""

    code = serializers.CharField(help_text="Of a component, or of an item of a questionnaire")
    value = ValueField(help_text=VALUE_HELP)
    unit = serializers.CharField(required=False, allow_null=True, help_text=UNIT_HELP)


@extend_schema_serializer(component_name="Reading")
class MeasurementRequestItemSerializer(serializers.Serializer[Any]):
    """One reading."""

    # Describes the body only; msgspec decodes it.

    client_id = IdentifierField(
        help_text="Your own id of this reading: sent again with the same content it is a duplicate"
    )
    external_id = IdentifierField(help_text="The patient as the vitals app knows it")
    code = serializers.CharField(help_text="LOINC, or one of our own codes")
    value = ValueField(required=False, help_text=f"{VALUE_HELP}; not with components")
    unit = serializers.CharField(required=False, allow_null=True, help_text=UNIT_HELP)
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
    (Outcome.ACCEPTED, "stored, and counts unless a correction of it came in before"),
    (
        Outcome.HELD,
        "stored, and counts as soon as its patient is linked at that time, with the same reservation",
    ),
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
        help_text="What staff should look at; it does not keep the reading from counting",
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
