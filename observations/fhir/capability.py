"""What the endpoint can do, as FHIR's CapabilityStatement."""

from observations.fhir.formats import MEDIA_TYPE
from observations.fhir.frames import MAX_ENTRIES
from observations.fhir.outcomes import Json
from observations.fhir.terms import FHIR_VERSION, VITAL_SIGNS_PROFILE

# When what is said here changed last.
_DATE = "2026-11-24"
_SECURITY = (
    "Authorization: Bearer <key>. Reading takes the scope measurements:read, and observations:read for computed Observations;"
    " sending takes measurements:write."
)
_SENDING = (
    f"1 to {MAX_ENTRIES} entries, each with the request POST Observation, without conditions. The same identifier with the same"
    " content is stored once; with other content it is a conflict."
)
_SEARCH = [
    ("patient", "reference", "Required. The patient's id here."),
    ("code", "token", "Of the Observation itself, not of its components."),
    ("date", "date", "effectiveDateTime, with eq, ge, gt, le, lt; a date without a time is one in UTC."),
]


def capability_statement(base: str) -> Json:
    """The statement of the endpoint at the address `base`."""
    return {
        "resourceType": "CapabilityStatement",
        "status": "active",
        "date": _DATE,
        "kind": "instance",
        "software": {"name": "Clinical Engine"},
        "implementation": {"description": "Clinical Engine: measurements in, observations out", "url": base},
        "fhirVersion": FHIR_VERSION,
        "format": [MEDIA_TYPE],
        "rest": [
            {
                "mode": "server",
                "security": {"description": _SECURITY},
                "resource": [_observation()],
                "interaction": [
                    {"code": "batch", "documentation": f"{_SENDING} What is good is stored."},
                    {"code": "transaction", "documentation": f"{_SENDING} All is stored or nothing."},
                ],
            }
        ],
    }


def _observation() -> Json:
    return {
        "type": "Observation",
        "supportedProfile": [VITAL_SIGNS_PROFILE],
        "interaction": [{"code": "read"}, {"code": "search-type"}],
        "versioning": "no-version",
        "readHistory": False,
        "updateCreate": False,
        "conditionalCreate": False,
        "searchParam": [{"name": name, "type": kind, "documentation": text} for name, kind, text in _SEARCH],
    }
