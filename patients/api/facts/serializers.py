"""What the API takes and gives of facts."""

from typing import Any

from drf_spectacular.utils import extend_schema_field, extend_schema_serializer
from rest_framework import serializers

from clinical_engine.api.fields import IdentifierField, InstantField, StrictSerializer
from clinical_engine.api.results import CONFLICT, REFUSED
from clinical_engine.api.schema import ProblemErrorSerializer, ProblemSerializer
from patients.api.facts.decoding import MAX_ITEMS
from patients.models import FactName, FactStatus
from patients.services import Acceptance
from patients.services.facts.said import MAX_REASON

_VALUE_HELP = "sex: female, male or other; birth_year: 1880 to 2100; spo2_scale: 1 or 2"


@extend_schema_field({"oneOf": [{"type": "string"}, {"type": "integer"}], "example": 1950})
class _FactValueField(serializers.Field[Any, Any, Any, Any]):
    """A text or a whole number."""

    def to_representation(self, value: str | int) -> str | int:
        """As it is."""
        return value


@extend_schema_serializer(component_name="Fact")
class FactRequestItemSerializer(serializers.Serializer[Any]):
    """What holds of a patient from a time on."""

    # Describes the body only; msgspec decodes it.

    client_id = IdentifierField(
        help_text="Your own id of this fact: sent again with the same content it is a duplicate"
    )
    external_id = IdentifierField(help_text="The patient as the vitals app knows it")
    name = serializers.ChoiceField(choices=FactName.choices)
    value = _FactValueField(help_text=_VALUE_HELP)
    effective_from = InstantField(
        help_text="Since when, with a time zone; at most 10 minutes in the future. Early, for what always held: before it there"
        " is no such fact"
    )


@extend_schema_serializer(component_name="Facts")
class FactsRequestSerializer(serializers.Serializer[Any]):
    """1 to 1,000 facts about patients of one organisation."""

    organisation = serializers.UUIDField()
    facts = serializers.ListField(child=FactRequestItemSerializer(), min_length=1, max_length=MAX_ITEMS)


class FactResultSerializer(serializers.Serializer[Any]):
    """What became of one fact; the ids are those of the first for a duplicate or a conflict, null when refused."""

    client_id = serializers.CharField(allow_null=True, help_text="As sent; null when it cannot be read")
    outcome = serializers.ChoiceField(
        choices=[
            (Acceptance.ACCEPTED, "stored now, and counts unless it was entered in error"),
            (Acceptance.DUPLICATE, "was stored before with the same content"),
            (CONFLICT, "its client_id was used before with other content, which stands"),
            (REFUSED, "not stored, as `errors` says"),
        ]
    )
    fact = serializers.UUIDField(allow_null=True)
    patient = serializers.UUIDField(allow_null=True)
    errors = ProblemErrorSerializer(many=True, required=False)  # type: ignore[assignment]


class FactResultsSerializer(serializers.Serializer[Any]):
    """The answer to every fact, in the order they were sent."""

    results = FactResultSerializer(many=True)


class FactsProblemSerializer(ProblemSerializer):
    """Some facts were refused or in conflict; `results` answers every one, those that were stored too.

    Without `results` nothing was stored.
    """

    results = FactResultSerializer(many=True, required=False)


@extend_schema_serializer(component_name="FactEnteredInError")
class FactInErrorRequestSerializer(StrictSerializer):
    """Why a fact does not count."""

    reason = IdentifierField(max_length=MAX_REASON, help_text="For people; no patient's name")


@extend_schema_serializer(component_name="FactEnteredInErrorByClientId")
class FactInErrorByClientIdRequestSerializer(FactInErrorRequestSerializer):
    """The same of one that is named by its own client_id, and may come in later."""

    organisation = serializers.UUIDField()
    client_id = IdentifierField(help_text="The fact's")


class FactInErrorReplySerializer(serializers.Serializer[Any]):
    """The answer."""

    outcome = serializers.ChoiceField(
        choices=[
            (Acceptance.ACCEPTED, "it counts no longer"),
            (Acceptance.DUPLICATE, "was said before; the first reason stands"),
        ]
    )


class FactSerializer(serializers.Serializer[Any]):
    """A stored fact."""

    id = serializers.UUIDField()
    client_id = serializers.CharField()
    name = serializers.ChoiceField(choices=FactName.choices)
    value = _FactValueField(source="plain_value", help_text=_VALUE_HELP)
    effective_from = serializers.DateTimeField()
    status = serializers.ChoiceField(
        choices=[
            (FactStatus.HOLDS, "holds now"),
            (FactStatus.STANDS, "counts for another time than now"),
            (FactStatus.ENTERED_IN_ERROR, "counts for no time"),
        ]
    )
