"""Examples for the description of the API. Everything in them is made up."""

from drf_spectacular.utils import OpenApiExample

_SUBMITTER = "019a2b3c-4d5e-7f60-8a9b-0c1d2e3f4a5c"
_OTHER_SUBMITTER = "019a2b3c-4d5e-7f60-8a9b-0c1d2e3f4a61"
_PATIENT = "019a2b3c-4d5e-7f60-8a9b-0c1d2e3f4a5d"
_JOB = "019a2b3c-4d5e-7f60-8a9b-0c1d2e3f4a5e"
_OTHER_JOB = "019a2b3c-4d5e-7f60-8a9b-0c1d2e3f4a63"
_STATEMENT = "019a2b3c-4d5e-7f60-8a9b-0c1d2e3f4a60"
_OTHER_STATEMENT = "019a2b3c-4d5e-7f60-8a9b-0c1d2e3f4a62"

_SAID = {
    "client_id": "enrolment-2026-000123",
    "external_id": "patient-4711",
    "effective_at": "2026-03-01T09:00:00+01:00",
}
_SAID_WITHOUT_ZONE = {
    "client_id": "enrolment-2026-000124",
    "external_id": "patient-4712",
    "effective_at": "2026-03-01T09:00:00",
}
_STORED = {"statement": _STATEMENT, "patient": _PATIENT, "job": _JOB}

STATEMENT = [
    OpenApiExample(
        "A patient of a programme",
        value={"client_id": _SAID["client_id"], "submitter": _SUBMITTER, **_SAID},
        request_only=True,
    ),
    OpenApiExample(
        "Stored now", value={"outcome": "accepted", **_STORED}, response_only=True, status_codes=["202"]
    ),
]

_ACCEPTED = {"client_id": _SAID["client_id"], "outcome": "accepted", **_STORED}
_FAULT = {
    "field": "effective_at",
    "code": "time_zone_missing",
    "message": "Must have a time zone, such as 2026-01-31T08:00:00+01:00.",
}
_REFUSED = {
    "client_id": _SAID_WITHOUT_ZONE["client_id"],
    "outcome": "refused",
    "statement": None,
    "patient": None,
    "job": None,
    "errors": [_FAULT],
}
BATCH = [
    OpenApiExample(
        "Two patients of a programme",
        value={"submitter": _SUBMITTER, "statements": [_SAID, _SAID_WITHOUT_ZONE]},
        request_only=True,
    ),
    OpenApiExample("Stored now", value={"results": [_ACCEPTED]}, response_only=True, status_codes=["202"]),
    OpenApiExample(
        "One is refused, the other stored",
        value={
            "type": "urn:clinical-engine:problem:statements-refused",
            "title": "Unprocessable Entity",
            "status": 422,
            "detail": "1 of 2 statements refused, 0 in conflict with what their client_id stood for before; the others are"
            " stored. See results.",
            "errors": [{**_FAULT, "item": 1, "client_id": _SAID_WITHOUT_ZONE["client_id"]}],
            "results": [_ACCEPTED, _REFUSED],
        },
        response_only=True,
        status_codes=["422"],
        media_type="application/problem+json",
    ),
]

MOVE = [
    OpenApiExample(
        "A patient who changes the programme",
        value={
            "client_id": "transfer-2026-000007",
            "external_id": "patient-4711",
            "from_submitter": _SUBMITTER,
            "to_submitter": _OTHER_SUBMITTER,
            "effective_at": "2026-06-01T00:00:00+02:00",
        },
        request_only=True,
    ),
    OpenApiExample(
        "Stored now",
        value={
            "outcome": "accepted",
            "patient": _PATIENT,
            "left": {"statement": _STATEMENT, "job": _JOB},
            "joined": {"statement": _OTHER_STATEMENT, "job": _OTHER_JOB},
        },
        response_only=True,
        status_codes=["202"],
    ),
]
