"""The names of things in FHIR: code systems, profiles, and the URIs that are ours."""

import re
from uuid import UUID

FHIR_VERSION = "4.0.1"
UCUM = "http://unitsofmeasure.org"
LOINC = "http://loinc.org"
VITAL_SIGNS_PROFILE = "http://hl7.org/fhir/StructureDefinition/vitalsigns"
CATEGORIES = "http://terminology.hl7.org/CodeSystem/observation-category"
INTERPRETATIONS = "http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation"
# HL7's codes and words for what a result means.
INTERPRETATION_CODES = {
    "normal": ("N", "Normal"),
    "abnormal": ("A", "Abnormal"),
    "critical": ("AA", "Critical abnormal"),
}
ABSENT_REASONS = "http://terminology.hl7.org/CodeSystem/data-absent-reason"

OUTCOMES = "urn:clinical-engine:fhir:outcomes"
REFUSALS = "urn:clinical-engine:fhir:refusals"
PROBLEMS = "urn:clinical-engine:fhir:problems"
CLIENT_IDS = "urn:clinical-engine:client-ids"
SCRIPT_VERSIONS = "urn:clinical-engine:script-versions"
REPLACES = "urn:clinical-engine:fhir:replaces"
STANDING = "urn:clinical-engine:fhir:standing"
IMPLAUSIBLE = "urn:clinical-engine:fhir:implausible"

PULSE_OXIMETRY, ARTERIAL_SATURATION = "59408-5", "2708-6"
# Those of the R4 vital signs profile and of US Core that the catalogue has, and the average blood pressure.
VITAL_SIGNS = frozenset(
    [
        "8867-4",
        "9279-1",
        "59408-5",
        "2708-6",
        "8310-5",
        "29463-7",
        "8302-2",
        "39156-5",
        "85354-9",
        "8480-6",
        "8462-4",
        "96607-7",
        "96608-5",
        "96609-3",
    ]
)

_ORGANISATION = "urn:clinical-engine:organisation:"
_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^|\s]+")


def organisation_of(system: str | None) -> UUID | None:
    """The organisation whose patients' identifiers have this system; None for any other system."""
    if system is None or not system.startswith(_ORGANISATION):
        return None
    try:
        return UUID(system.removeprefix(_ORGANISATION))
    except ValueError:
        return None


def client_id_of(system: str | None, value: str) -> str | None:
    """The client id that an identifier stands for; None when its system is no absolute URI.

    The same value in two systems names two things: the system becomes part of the client id, unless it is our own.
    """
    if system is None or system == CLIENT_IDS:
        return value
    return f"{system}|{value}" if _URI.fullmatch(system) else None


def identifier_of(client_id: str) -> dict[str, str]:
    """The identifier that stands for a client id; the other way round than `client_id_of`."""
    system, separator, value = client_id.partition("|")
    if separator and value and _URI.fullmatch(system):
        return {"system": system, "value": value}
    return {"system": CLIENT_IDS, "value": client_id}
