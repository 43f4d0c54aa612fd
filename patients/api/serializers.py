"""What the API takes and gives of statements."""

from typing import Any

from drf_spectacular.utils import extend_schema_field, extend_schema_serializer
from rest_framework import serializers

from clinical_engine.api.fields import IdentifierField, InstantField, StrictSerializer
from clinical_engine.api.results import CONFLICT, REFUSED
from clinical_engine.api.schema import ProblemErrorSerializer, ProblemSerializer
from patients.api.decoding import MAX_ITEMS
from patients.services import Acceptance
from patients.services.moving import MAX_CLIENT_ID_LENGTH

_OWN_ID = "Your own id of this statement: sent again with the same content it is a duplicate"
_SINCE = "Since when, with a time zone; at most 10 minutes in the future"
_PATIENT = "The patient as the vitals app knows it"
_STORED_NOW = (Acceptance.ACCEPTED, "stored now")


@extend_schema_serializer(component_name="Statement")
class StatementRequestSerializer(StrictSerializer):
    """A statement that a patient is active, or inactive, with a submitter."""

    client_id = IdentifierField(help_text=_OWN_ID)
    submitter = serializers.UUIDField(help_text="The submitter's id here")
    external_id = IdentifierField(help_text=_PATIENT)
    effective_at = InstantField(help_text=_SINCE)


class StatementReplySerializer(serializers.Serializer[Any]):
    """What became of a statement."""

    outcome = serializers.ChoiceField(
        choices=[
            _STORED_NOW,
            (Acceptance.DUPLICATE, "was stored before with the same content; the ids are those of the first"),
        ]
    )
    statement = serializers.UUIDField()
    patient = serializers.UUIDField()
    job = serializers.UUIDField(help_text="The job that links or unlinks the patient")


@extend_schema_serializer(component_name="StatementOfBatch")
class BatchItemSerializer(serializers.Serializer[Any]):
    """A statement of a batch."""

    # Describes the body only; msgspec decodes it.

    client_id = IdentifierField(help_text=_OWN_ID)
    external_id = IdentifierField(help_text=_PATIENT)
    effective_at = InstantField(help_text=_SINCE)


@extend_schema_serializer(component_name="StatementBatch")
class BatchRequestSerializer(serializers.Serializer[Any]):
    """1 to 10,000 statements about patients of one submitter."""

    submitter = serializers.UUIDField(help_text="The submitter's id here")
    statements = serializers.ListField(child=BatchItemSerializer(), min_length=1, max_length=MAX_ITEMS)


class StatementResultSerializer(serializers.Serializer[Any]):
    """What became of one statement of a batch; the ids are those of the first for a duplicate or a conflict, null when refused."""

    client_id = serializers.CharField(allow_null=True, help_text="As sent; null when it cannot be read")
    outcome = serializers.ChoiceField(
        choices=[
            _STORED_NOW,
            (Acceptance.DUPLICATE, "was stored before with the same content"),
            (CONFLICT, "its client_id was used before with other content, which stands"),
            (REFUSED, "not stored, as `errors` says"),
        ]
    )
    statement = serializers.UUIDField(allow_null=True)
    patient = serializers.UUIDField(allow_null=True)
    job = serializers.UUIDField(allow_null=True, help_text="The job that links or unlinks the patient")
    errors = ProblemErrorSerializer(many=True, required=False)  # type: ignore[assignment]


class StatementResultsSerializer(serializers.Serializer[Any]):
    """The answer to every statement, in the order they were sent."""

    results = StatementResultSerializer(many=True)


class StatementsProblemSerializer(ProblemSerializer):
    """Some statements were refused or in conflict; `results` answers every one, those that were stored too.

    Without `results` nothing was stored.
    """

    results = StatementResultSerializer(many=True, required=False)


@extend_schema_field({"type": "string", "maxLength": MAX_CLIENT_ID_LENGTH})
class _MoveIdField(IdentifierField):
    """Shorter than others, as the service says: the ids of its statements are made of it."""


@extend_schema_serializer(component_name="Move")
class MoveRequestSerializer(StrictSerializer):
    """A patient who leaves one submitter and joins another of the same organisation."""

    client_id = _MoveIdField(
        help_text="Your own id of this move: sent again with the same content it is a duplicate"
    )
    external_id = IdentifierField(help_text=_PATIENT)
    from_submitter = serializers.UUIDField(help_text="The submitter that is left")
    to_submitter = serializers.UUIDField(help_text="The submitter that is joined")
    effective_at = InstantField(help_text=_SINCE)


class MovedStatementSerializer(serializers.Serializer[Any]):
    """One of the two statements of a move."""

    statement = serializers.UUIDField(source="statement_id")
    job = serializers.UUIDField(source="job_id")


class MoveReplySerializer(serializers.Serializer[Any]):
    """What became of a move."""

    outcome = serializers.ChoiceField(
        choices=[
            (Acceptance.ACCEPTED, "both statements are stored"),
            (Acceptance.DUPLICATE, "was stored before with the same content; the ids are those of the first"),
        ]
    )
    patient = serializers.UUIDField(source="joined.patient_id")
    left = MovedStatementSerializer(help_text="Inactive with the submitter that is left")
    joined = MovedStatementSerializer(help_text="Active with the submitter that is joined")
