"""Rosters as the OpenAPI document describes them. Everything in the examples is made up."""

from datetime import datetime

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import (
    OpenApiExample,
    OpenApiParameter,
    OpenApiRequest,
    OpenApiResponse,
    extend_schema,
)

from clinical_engine.api.schema import problem_reply
from patients.api.rosters import serializers as shapes
from patients.rosters.reading import RosterForm

_ROSTER = "019a2b3c-4d5e-7f60-8a9b-0c1d2e3f4a70"
_JOB = "019a2b3c-4d5e-7f60-8a9b-0c1d2e3f4a71"
_SUBMITTER = "019a2b3c-4d5e-7f60-8a9b-0c1d2e3f4a5c"
_LINE = {"external_id": "patient-4711", "active_since": "2026-03-01T09:00:00+01:00"}
_CSV = "external_id,active_since\npatient-4711,2026-03-01T09:00:00+01:00\npatient-4712,2026-02-11T10:30:00Z\n"
_RECEIVED = {
    "roster": _ROSTER,
    "job": _JOB,
    "lines": 20_481,
    "unreadable": 1,
    "url": f"/api/v1/rosters/{_ROSTER}",
}
_APPLIED = {
    "id": _ROSTER,
    "submitter": _SUBMITTER,
    "job": _JOB,
    "as_of": "2026-03-10T03:00:00Z",
    "dry_run": False,
    "state": "applied",
    "finished": True,
    "held_because": "",
    "received_at": "2026-03-10T03:00:04Z",
    "compared_at": "2026-03-10T03:00:05Z",
    "finished_at": "2026-03-10T03:00:06Z",
    "lines": 20_481,
    "unreadable": 1,
    "unnamed": 0,
    "counts": {
        "linked_before": 20_443,
        "in_order": 20_438,
        "other_since": 3,
        "missing": 40,
        "reactivated": 1,
        "extra": 4,
        "newer": 1,
        "unclear": 1,
        "repeated": 0,
        "contradictory": 0,
    },
    "progress": {"done": 44, "of": 44},
    "problems": [
        {"line": 7, "field": "active_since", "code": "too_early", "message": "Must not be before 1900."}
    ],
}

roster_upload = extend_schema(
    operation_id="put_roster",
    description="Sends the full list of a submitter's active patients, as seen `as_of` a time: up to 2,000,000 lines of at most"
    " 4 KB, as NDJSON (one object each, as described) or CSV (UTF-8, with a header), either with `Content-Encoding: gzip`;"
    " with its length or in chunks. Stored as a whole or not at all. The job at `Location` compares it with what is linked"
    " here, and unless it is a dry run links who is missing and unlinks who is not listed. A line that cannot be read is"
    " counted, and touches no other.",
    parameters=[
        OpenApiParameter(
            "as_of",
            datetime,
            required=True,
            description="When the vitals app saw this list, with a time zone. What was stated later than that is left alone",
        ),
        OpenApiParameter("dry_run", bool, description="Compare only"),
        OpenApiParameter(
            "Content-Encoding",
            str,
            OpenApiParameter.HEADER,
            enum=["gzip", "identity"],
            description="How it is packed",
        ),
        OpenApiParameter(
            "Location",
            str,
            OpenApiParameter.HEADER,
            required=True,
            response=[202],
            description="The job to poll",
        ),
    ],
    request={
        RosterForm.NDJSON.value: OpenApiRequest(
            shapes.RosterLineSerializer, examples=[OpenApiExample("One line", value=_LINE)]
        ),
        RosterForm.CSV.value: OpenApiRequest(
            OpenApiTypes.STR, examples=[OpenApiExample("Two patients", value=_CSV)]
        ),
    },
    responses={
        202: OpenApiResponse(
            shapes.RosterReceivedSerializer,
            "Stored; it will be compared",
            examples=[OpenApiExample("Stored", value=_RECEIVED)],
        ),
        400: problem_reply("The body ended before it was complete; nothing was stored"),
        404: problem_reply("No such submitter, or none that this key may act for"),
        408: problem_reply("The body came too slowly; nothing was stored"),
        409: problem_reply(
            "`older-roster`: one as of a later time was applied or waits for a person; `roster-under-way`: another one is being"
            " received, compared or applied; nothing was stored"
        ),
        415: problem_reply("The body is neither NDJSON nor CSV in UTF-8, or packed otherwise than with gzip"),
        422: problem_reply(
            "A parameter is not as described, or the body as a whole cannot be read; nothing was stored"
        ),
    },
)

roster_read = extend_schema(
    operation_id="get_roster",
    parameters=[
        OpenApiParameter(
            "Retry-After",
            int,
            OpenApiParameter.HEADER,
            response=[200],
            description="Seconds; only while unfinished",
        )
    ],
    responses={
        200: OpenApiResponse(
            shapes.RosterSerializer, "The roster", examples=[OpenApiExample("Applied", value=_APPLIED)]
        ),
        404: problem_reply("No such roster, or none that this key may see"),
    },
)
