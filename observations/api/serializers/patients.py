"""All about a patient."""

from typing import Any

from drf_spectacular.utils import extend_schema_serializer
from rest_framework import serializers

from clinical_engine.api.fields import IdentifierField, StrictSerializer
from clinical_engine.jobs.api.serializers import JobSerializer
from patients.api.facts.serializers import FactSerializer
from patients.models import StatementKind


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
    facts = FactSerializer(many=True, help_text="By name, the latest first; those entered in error too")
    held_measurements = HeldSerializer()
    last_job = JobSerializer(allow_null=True)
