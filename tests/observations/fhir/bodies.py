"""Bundles as another system would send them."""

import json
from typing import Any

from django.test import Client

from tests.factories import NOON, Caller

CUFF = "urn:oid:1.2.3.4"
OUTCOMES = "urn:clinical-engine:fhir:outcomes"


def quantity(value: Any, code: str, **fields: Any) -> dict[str, Any]:
    return {"value": value, "unit": code, "system": "http://unitsofmeasure.org", "code": code, **fields}


def concept(*codes: str, system: str = "http://loinc.org") -> dict[str, Any]:
    return {"coding": [{"system": system, "code": code} for code in codes]}


def subject(caller: Caller, external_id: str = "p-1") -> dict[str, Any]:
    system = f"urn:clinical-engine:organisation:{caller.organisation.id}"
    return {"identifier": {"system": system, "value": external_id}}


def observation(caller: Caller, name: str = "m-1", external_id: str = "p-1", **fields: Any) -> dict[str, Any]:
    """A glucose reading; a field that is given as None is left out."""
    found = {
        "resourceType": "Observation",
        "identifier": [{"system": CUFF, "value": name}],
        "status": "final",
        "code": concept("2339-0"),
        "subject": subject(caller, external_id),
        "effectiveDateTime": NOON.isoformat(),
        "valueQuantity": quantity(100, "mg/dL"),
        **fields,
    }
    return {name: value for name, value in found.items() if value is not None}


def pressure(caller: Caller, name: str = "m-1", **fields: Any) -> dict[str, Any]:
    parts = [("8480-6", 128), ("8462-4", 82)]
    components = [{"code": concept(code), "valueQuantity": quantity(n, "mm[Hg]")} for code, n in parts]
    usual: dict[str, Any] = {
        "code": concept("85354-9"),
        "valueQuantity": None,
        "component": components,
        "category": [
            concept("vital-signs", system="http://terminology.hl7.org/CodeSystem/observation-category")
        ],
    }
    return observation(caller, name, **{**usual, **fields})


def entry(resource: Any, **request: Any) -> dict[str, Any]:
    return {"resource": resource, "request": {"method": "POST", "url": "Observation", **request}}


def bundle(*resources: Any, kind: str = "batch") -> dict[str, Any]:
    return {"resourceType": "Bundle", "type": kind, "entry": [entry(resource) for resource in resources]}


def send(api: Client, body: Any, path: str = "/fhir/", **headers: str) -> Any:
    """The answer to a body, which is sent as it is when it is text or bytes."""
    text = body if isinstance(body, (str, bytes)) else json.dumps(body)
    return api.post(path, text, content_type="application/fhir+json", headers=headers)


def issues(outcome: Any) -> list[tuple[str, str, str]]:
    """(severity, our code, first path) of each issue."""
    return [
        (issue["severity"], issue["details"]["coding"][0]["code"], issue.get("expression", [""])[0])
        for issue in outcome["issue"]
    ]


def statuses(answer: Any) -> list[str]:
    return [each["response"]["status"] for each in answer.json()["entry"]]


def refusal(answer: Any) -> tuple[str, str]:
    """(our code, path) of the only entry's first refusal."""
    [entry] = answer.json()["entry"]
    assert entry["response"]["status"] == "422 Unprocessable Entity", entry
    (severity, code, path), *_ = issues(entry["response"]["outcome"])
    assert severity == "error"
    return code, path.removeprefix("Bundle.entry[0].").removeprefix("resource.")
