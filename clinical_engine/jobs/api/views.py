"""Polling accepted work."""

from math import ceil
from typing import ClassVar
from uuid import UUID

from django.http import Http404
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from clinical_engine.api.schema import problem_reply
from clinical_engine.api.scopes import access_of
from clinical_engine.jobs import selectors
from clinical_engine.jobs.api.serializers import JobSerializer
from clinical_engine.jobs.models import Job
from clinical_engine.jobs.payloads.waiting import is_readable
from clinical_engine.jobs.registry import InvalidPayloadError, Report, UnknownKindError, kind_of
from clinical_engine.jobs.states import FAILED, UNFINISHED, JobState

_LONGEST_POLL_SECONDS = 60
_RETRY_AFTER = OpenApiParameter(
    "Retry-After", int, OpenApiParameter.HEADER, response=[200], description="Seconds; only while unfinished"
)


class JobView(APIView):
    """What became of accepted work."""

    required_scopes: ClassVar = {"GET": "jobs:read"}

    @extend_schema(
        operation_id="get_job",
        parameters=[_RETRY_AFTER],
        responses={
            200: OpenApiResponse(JobSerializer, "The job, whether it is unfinished, succeeded or failed"),
            404: problem_reply("No such job, or none that this key may see"),
        },
    )
    def get(self, request: Request, job_id: UUID) -> Response:
        """The job's state; `Retry-After` while it is unfinished. A failed job is 200 too, with its failure inside."""
        job = selectors.job_for(access_of(request).organisation_ids, job_id)
        if job is None:
            raise Http404
        headers = {"Retry-After": str(_poll_after_seconds(job))} if job.state in UNFINISHED else {}
        return Response(JobSerializer(describe(job)).data, headers=headers)


def _poll_after_seconds(job: Job) -> int:
    """A second; later for a job that is not to be tried before, or not by this release."""
    if not is_readable(job):
        return _LONGEST_POLL_SECONDS
    seconds = (job.next_run_at - timezone.now()).total_seconds()
    return max(1, min(_LONGEST_POLL_SECONDS, ceil(seconds)))


def describe(job: Job) -> dict[str, object]:
    """The job as `JobSerializer` shows it."""
    # A job that was put back untried, or between two slices, waits as 'retryable' without having failed.
    failed = job.error and job.state in (*FAILED, JobState.RETRYABLE)
    return {
        "id": job.id,
        "kind": job.kind,
        "state": job.state,
        "finished": job.state not in UNFINISHED,
        "attempts_made": job.attempts_made,
        "created_at": job.created_at,
        "finished_at": job.finished_at,
        "failure": selectors.last_attempt(job) if failed else None,
        "progress": _report(job),
    }


def _report(job: Job) -> Report | None:
    try:
        kind = kind_of(job.kind)
        return kind.report(kind.decode(job.payload, job.payload_version)) if kind.report else None
    except (UnknownKindError, InvalidPayloadError):
        # Another release's: that one tells.
        return None
