"""Examples for the description of the API. Everything in them is made up."""

from drf_spectacular.utils import OpenApiExample

_ORGANISATION = "019a2b3c-4d5e-7f60-8a9b-0c1d2e3f4a5b"
_SUBMITTER = "019a2b3c-4d5e-7f60-8a9b-0c1d2e3f4a5c"
_PATIENT = "019a2b3c-4d5e-7f60-8a9b-0c1d2e3f4a5d"
_FACT = "019a2b3c-4d5e-7f60-8a9b-0c1d2e3f4a80"
_JOB = "019a2b3c-4d5e-7f60-8a9b-0c1d2e3f4a5e"
_MEASUREMENT = "019a2b3c-4d5e-7f60-8a9b-0c1d2e3f4a5f"

LOOKUP = OpenApiExample(
    "A patient", value={"organisation": _ORGANISATION, "external_id": "patient-4711"}, request_only=True
)
PATIENT = OpenApiExample(
    "A linked patient with a reading from before the link",
    value={
        "id": _PATIENT,
        "organisation": _ORGANISATION,
        "external_id": "patient-4711",
        "linked": True,
        "associations": [
            {
                "submitter": _SUBMITTER,
                "submitter_name": "COPD",
                "associated_at": "2026-03-01T08:00:00Z",
                "dissociated_at": None,
            }
        ],
        "waiting_statements": [],
        "facts": [
            {
                "id": _FACT,
                "client_id": "patient-4711/birth-year",
                "name": "birth_year",
                "value": 1950,
                "effective_from": "1949-12-31T23:00:00Z",
                "status": "holds",
            }
        ],
        "held_measurements": {"count": 1, "oldest_measured_at": "2026-02-27T18:30:00Z"},
        "last_job": {
            "id": _JOB,
            "kind": "recompute",
            "state": "succeeded",
            "finished": True,
            "attempts": 1,
            "created_at": "2026-03-01T08:00:03.120000Z",
            "finished_at": "2026-03-01T08:00:03.310000Z",
            "progress": None,
            "failure": None,
        },
    },
    response_only=True,
    status_codes=["200"],
)

_GLUCOSE = {
    "client_id": "cuff-17/2026-03-10T07:30:00",
    "external_id": "patient-4711",
    "code": "2339-0",
    "value": 104,
    "unit": "mg/dL",
    "measured_at": "2026-03-10T07:30:00+01:00",
}
_MEAL = {
    "client_id": "diary-9/2026-03-10T07:45:00",
    "external_id": "patient-4711",
    "code": "meal-typical",
    "value": True,
    "measured_at": "2026-03-10T07:45:00+01:00",
}
_PRESSURE = {
    "client_id": "cuff-17/2026-03-10T08:02:10-b",
    "external_id": "patient-4711",
    "code": "85354-9",
    "components": [
        {"code": "8480-6", "value": 128, "unit": "mm[Hg]"},
        {"code": "8462-4", "value": 82, "unit": "mm[Hg]"},
    ],
    "measured_at": "2026-03-10T08:02:10+01:00",
    "replaces": "cuff-17/2026-03-10T08:02:10",
}
_FAULT = {"field": "unit", "code": "unit_missing", "message": "Must be mg/dL or mmol/L (UCUM)."}
_STORED = {"client_id": _MEAL["client_id"], "outcome": "accepted", "measurement": _MEASUREMENT}
MEASUREMENTS = [
    OpenApiExample(
        "A number and a yes",
        value={"organisation": _ORGANISATION, "measurements": [_GLUCOSE, _MEAL]},
        request_only=True,
    ),
    OpenApiExample(
        "A reading of two values, which corrects an earlier one",
        value={"organisation": _ORGANISATION, "measurements": [_PRESSURE]},
        request_only=True,
    ),
    OpenApiExample(
        "One waits for its patient to be linked, one counts",
        value={
            "results": [
                {"client_id": _GLUCOSE["client_id"], "outcome": "held", "measurement": _MEASUREMENT},
                _STORED,
            ]
        },
        response_only=True,
        status_codes=["202"],
    ),
    OpenApiExample(
        "One is refused, the other stored",
        value={
            "type": "urn:clinical-engine:problem:readings-refused",
            "title": "Unprocessable Entity",
            "status": 422,
            "detail": "1 of 2 readings refused, 0 in conflict with what their client_id stood for before; the others are"
            " stored. See results.",
            "errors": [{**_FAULT, "item": 0, "client_id": _GLUCOSE["client_id"]}],
            "results": [
                {
                    "client_id": _GLUCOSE["client_id"],
                    "outcome": "refused",
                    "measurement": None,
                    "errors": [_FAULT],
                },
                _STORED,
            ],
        },
        response_only=True,
        status_codes=["422"],
        media_type="application/problem+json",
    ),
]

_REASON = {"reason": "Cuff put on the wrong patient"}
ENTERED_IN_ERROR = [OpenApiExample("The wrong patient", value=_REASON, request_only=True)]
ENTERED_IN_ERROR_BY_CLIENT_ID = [
    OpenApiExample(
        "The wrong patient",
        value={"organisation": _ORGANISATION, "client_id": _GLUCOSE["client_id"], **_REASON},
        request_only=True,
    )
]
