"""What the API shows of a job."""

from typing import Any

from rest_framework import serializers

from clinical_engine.jobs.states import JobState


class FailureSerializer(serializers.Serializer[Any]):
    """Why the last try failed, without values."""

    error_class = serializers.CharField()
    error_kind = serializers.CharField(
        help_text="transient, over_limit, permanent, invalid_payload, lost or unknown"
    )
    message = serializers.CharField(allow_blank=True)
    fingerprint = serializers.CharField(help_text="The same for failures of one cause: quote it to support")


class ReportSerializer(serializers.Serializer[Any]):
    """How far a long job has come."""

    done = serializers.IntegerField()
    of = serializers.IntegerField(allow_null=True, help_text="Null while it is not known")
    result = serializers.DictField(
        help_text="What came of it so far: for a roster as `GET /rosters/{id}` tells"
    )


class JobSerializer(serializers.Serializer[Any]):
    """A job: where it stands, and why when it failed."""

    id = serializers.UUIDField()
    kind = serializers.CharField(
        help_text="associate: links or unlinks; recompute: counts and computes; roster: compares and applies a roster;"
        " drift: compares it again; rerun: runs failed jobs again"
    )
    state = serializers.ChoiceField(choices=JobState.choices)
    finished = serializers.BooleanField()
    attempts = serializers.IntegerField(source="attempts_made", help_text="Tries so far")
    created_at = serializers.DateTimeField()
    finished_at = serializers.DateTimeField(allow_null=True)
    failure = FailureSerializer(allow_null=True, help_text="Of the last try; null unless it failed")
    progress = ReportSerializer(allow_null=True, help_text="Of a long job; null for the others")
