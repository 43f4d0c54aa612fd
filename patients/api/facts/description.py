"""Facts as the OpenAPI document describes them. Everything in the examples is made up."""

from drf_spectacular.utils import OpenApiExample, OpenApiResponse, extend_schema

from clinical_engine.api.schema import problem_reply
from patients.api.facts import serializers as shapes

_ORGANISATION = "019a2b3c-4d5e-7f60-8a9b-0c1d2e3f4a5b"
_PATIENT = "019a2b3c-4d5e-7f60-8a9b-0c1d2e3f4a5d"
_FACT = "019a2b3c-4d5e-7f60-8a9b-0c1d2e3f4a80"
_BIRTH_YEAR = {
    "client_id": "patient-4711/birth-year",
    "external_id": "patient-4711",
    "name": "birth_year",
    "value": 1950,
    "effective_from": "1950-01-01T00:00:00+01:00",
}
_SCALE = {
    "client_id": "patient-4711/spo2-scale/2026-03-01",
    "external_id": "patient-4711",
    "name": "spo2_scale",
    "value": 3,
    "effective_from": "2026-03-01T09:00:00+01:00",
}
_FAULT = {"field": "value", "code": "out_of_range", "message": "Must be from 1 to 2."}
_ACCEPTED = {
    "client_id": _BIRTH_YEAR["client_id"],
    "outcome": "accepted",
    "fact": _FACT,
    "patient": _PATIENT,
}
_REFUSED = {
    "client_id": _SCALE["client_id"],
    "outcome": "refused",
    "fact": None,
    "patient": None,
    "errors": [_FAULT],
}
_EXAMPLES = [
    OpenApiExample(
        "A birth year, and a scale that there is not",
        value={"organisation": _ORGANISATION, "facts": [_BIRTH_YEAR, _SCALE]},
        request_only=True,
    ),
    OpenApiExample("Stored now", value={"results": [_ACCEPTED]}, response_only=True, status_codes=["202"]),
    OpenApiExample(
        "One is refused, the other stored",
        value={
            "type": "urn:clinical-engine:problem:facts-refused",
            "title": "Unprocessable Entity",
            "status": 422,
            "detail": "1 of 2 facts refused, 0 in conflict with what their client_id stood for before; the others are stored."
            " See results.",
            "errors": [{**_FAULT, "item": 1, "client_id": _SCALE["client_id"]}],
            "results": [_ACCEPTED, _REFUSED],
        },
        response_only=True,
        status_codes=["422"],
        media_type="application/problem+json",
    ),
]
_REASON = {"reason": "The form of somebody else"}
_IN_ERROR_ANSWERS = {
    202: OpenApiResponse(shapes.FactInErrorReplySerializer, "Stored for good"),
    422: problem_reply("Refused: `errors` name the fields"),
}

send_facts = extend_schema(
    operation_id="send_facts",
    request=shapes.FactsRequestSerializer,
    examples=_EXAMPLES,
    responses={
        202: OpenApiResponse(shapes.FactResultsSerializer, "Every fact is stored, or was before"),
        409: OpenApiResponse(
            shapes.FactsProblemSerializer,
            "Some client_ids were used before with other content; the others are stored",
        ),
        422: OpenApiResponse(
            shapes.FactsProblemSerializer,
            "With `results`: some facts are refused, as `errors` says, the others are stored. Without: the request as a whole is"
            " refused",
        ),
    },
)
in_error = extend_schema(
    operation_id="enter_fact_in_error",
    request=shapes.FactInErrorRequestSerializer,
    examples=[OpenApiExample("Somebody else's", value=_REASON, request_only=True)],
    responses={**_IN_ERROR_ANSWERS, 404: problem_reply("No such fact, or none that this key may see")},
)
in_error_by_client_id = extend_schema(
    operation_id="enter_fact_in_error_by_client_id",
    request=shapes.FactInErrorByClientIdRequestSerializer,
    examples=[
        OpenApiExample(
            "Somebody else's",
            value={"organisation": _ORGANISATION, "client_id": _BIRTH_YEAR["client_id"], **_REASON},
            request_only=True,
        )
    ],
    responses=_IN_ERROR_ANSWERS,
)
