"""What the API takes and gives of statements."""

from typing import Any

from drf_spectacular.utils import extend_schema_serializer
from rest_framework import serializers

from clinical_engine.api.fields import IdentifierField, InstantField, StrictSerializer
from patients.services import Acceptance


@extend_schema_serializer(component_name="Statement")
class StatementRequestSerializer(StrictSerializer):
    """A statement that a patient is active, or inactive, with a submitter."""

    client_id = IdentifierField(
        help_text="Your own id of this statement: sent again with the same content it is a duplicate"
    )
    submitter = serializers.UUIDField(help_text="The submitter's id here")
    external_id = IdentifierField(help_text="The patient as the vitals app knows it")
    effective_at = InstantField(help_text="Since when, with a time zone; at most 10 minutes in the future")


class StatementReplySerializer(serializers.Serializer[Any]):
    """What became of a statement."""

    outcome = serializers.ChoiceField(
        choices=[
            (Acceptance.ACCEPTED, "stored now"),
            (Acceptance.DUPLICATE, "was stored before with the same content; the ids are those of the first"),
        ]
    )
    statement = serializers.UUIDField()
    patient = serializers.UUIDField()
    job = serializers.UUIDField(help_text="The job that links or unlinks the patient")
