"""The endpoint itself: what it says of itself, and of requests that are none."""

import json
import tracemalloc
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from clinical_engine.api.parsers import BULK_BODY
from observations.models import Measurement
from patients.models import Patient
from tests.factories import Caller
from tests.factories import caller as new_caller
from tests.observations.fhir.bodies import bundle, entry, issues, observation, pressure, send
from tests.observations.fhir.conftest import ValidatingClient


def test_anybody_may_read_what_the_endpoint_can_do(db: None) -> None:
    statement = ValidatingClient().get("/fhir/metadata").json()
    assert statement["fhirVersion"] == "4.0.1"
    assert statement["implementation"]["url"] == "http://testserver/fhir"
    [rest] = statement["rest"]
    assert {each["code"] for each in rest["interaction"]} == {"batch", "transaction"}
    [resource] = rest["resource"]
    assert {each["code"] for each in resource["interaction"]} == {"read", "search-type"}


def test_every_search_parameter_that_is_declared_is_taken(api: ValidatingClient, caller: Caller) -> None:
    [resource] = api.get("/fhir/metadata").json()["rest"][0]["resource"]
    usual = {
        "patient": "019a2b3c-4d5e-7f60-8a9b-0c1d2e3f4a5d",
        "code": "2339-0",
        "date": "ge2026-03-10",
    }
    assert {each["name"] for each in resource["searchParam"]} == set(usual)
    assert api.get("/fhir/Observation", usual).status_code == 200


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("get", "/fhir/", 405, "method-not-allowed"),
        ("put", "/fhir/Observation", 405, "method-not-allowed"),
        ("post", "/fhir/Observation", 405, "method-not-allowed"),
        ("delete", "/fhir/Observation/019a2b3c-4d5e-7f60-8a9b-0c1d2e3f4a5d", 405, "method-not-allowed"),
        ("get", "/fhir/Observation/019a2b3c-4d5e-7f60-8a9b-0c1d2e3f4a5d", 404, "not-found"),
        ("get", "/fhir/Observation/1", 404, "not-found"),
        ("get", "/fhir/Patient", 404, "not-found"),
        ("post", "/fhir/Observation/_search", 404, "not-found"),
        ("post", "/fhir/metadata", 405, "method-not-allowed"),
    ],
)
def test_what_is_not_there_is_an_operation_outcome(
    api: ValidatingClient, method: str, path: str, status: int, code: str
) -> None:
    answer = getattr(api, method)(path)
    assert answer.status_code == status
    assert issues(answer.json()) == [("error", code, "")]


ADDRESSES = [
    ("/fhir/", "POST"),
    ("/fhir/Observation?patient=019a2b3c-4d5e-7f60-8a9b-0c1d2e3f4a5d", "GET, HEAD"),
    ("/fhir/Observation/019a2b3c-4d5e-7f60-8a9b-0c1d2e3f4a5d", "GET, HEAD"),
    ("/fhir/metadata", "GET, HEAD"),
]


@pytest.mark.parametrize(("path", "allowed"), ADDRESSES)
def test_an_address_takes_the_methods_that_it_says_it_allows_and_no_others(
    api: ValidatingClient, caller: Caller, path: str, allowed: str
) -> None:
    for method in {"OPTIONS", "DELETE", "GET", "POST"} - {*allowed.split(", ")}:
        answer = api.generic(method, path)
        assert (answer.status_code, answer.headers["Allow"]) == (405, allowed), method
    # What answers HEAD has no content that could be validated.
    client = Client(headers={"Authorization": f"Bearer {caller.key}"})
    for method in allowed.split(", "):
        assert client.generic(method, path).status_code not in {403, 405}, method


@pytest.mark.parametrize(("path", "status"), [(ADDRESSES[1][0], 200), ("/fhir/Observation?patient=1", 422)])
def test_head_asks_for_the_scope_of_get_and_is_answered_like_it(db: None, path: str, status: int) -> None:
    def client(*scopes: str) -> Client:
        return Client(headers={"Authorization": f"Bearer {new_caller(scopes).key}"})

    reader = client("measurements:read")
    got, head = reader.get(path), reader.head(path)
    assert got.status_code == head.status_code == status
    assert head.headers["Content-Type"] == "application/fhir+json"
    assert head.headers["Content-Length"] == got.headers["Content-Length"]
    assert head.content == b""
    assert client("measurements:write").head(path).status_code == 403


def test_nobody_gets_in_without_a_key(db: None) -> None:
    api = ValidatingClient()
    for answer in (api.get("/fhir/Observation"), send(api, {})):
        assert answer.status_code == 401
        assert answer.json()["issue"][0]["code"] == "login"
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize(
    ("body", "status", "path"),
    [
        ("", 422, "Bundle"),
        ("{", 400, ""),
        (b"\xff", 400, ""),
        ("[]", 422, "Bundle"),
        ("{}", 422, "Bundle.resourceType"),
        ("[" * 100_000, 422, "Bundle"),
        ({"resourceType": "Observation", "type": "batch", "entry": [{}]}, 422, "Bundle.resourceType"),
        ({"resourceType": "Bundle", "type": "collection", "entry": [{}]}, 422, "Bundle.type"),
        ({"resourceType": "Bundle", "type": "batch"}, 422, "Bundle.entry"),
        ({"resourceType": "Bundle", "type": "batch", "entry": []}, 422, "Bundle.entry"),
        ({"resourceType": "Bundle", "type": "batch", "entry": [{}] * 1_001}, 422, "Bundle.entry"),
        (
            {"resourceType": "Bundle", "type": "batch", "entry": [{}], "implicitRules": "urn:x:y"},
            422,
            "Bundle.implicitRules",
        ),
    ],
    ids=lambda value: str(value)[:40],
)
def test_what_is_no_bundle_is_refused_as_a_whole(
    api: ValidatingClient, body: Any, status: int, path: str
) -> None:
    answer = send(api, body)
    assert answer.status_code == status
    assert answer.json()["issue"][0].get("expression", [""]) == [path]
    assert not Measurement.objects.exists()


@pytest.mark.parametrize(
    "bad", [{}, 7, "x", None, [], {"request": {}}, {"request": {"method": "POST", "url": 1}}]
)
def test_an_entry_that_is_none_does_not_touch_the_others(
    api: ValidatingClient, caller: Caller, bad: Any
) -> None:
    body = {"resourceType": "Bundle", "type": "batch", "entry": [bad, entry(observation(caller))]}
    answer = send(api, body)
    assert [each["response"]["status"][:3] for each in answer.json()["entry"]] == ["422", "201"]
    [(_, _, path)] = issues(answer.json()["entry"][0]["response"]["outcome"])
    assert path.startswith("Bundle.entry[0]")


def test_modifiers_of_an_entry_are_refused(api: ValidatingClient, caller: Caller) -> None:
    bad = entry(observation(caller)) | {"modifierExtension": [{"url": "urn:x:y", "valueBoolean": True}]}
    worse = entry(observation(caller), modifierExtension=[])
    answer = send(api, {"resourceType": "Bundle", "type": "batch", "entry": [bad, worse]})
    found = [issues(each["response"]["outcome"]) for each in answer.json()["entry"]]
    assert [(code, path) for [(_, code, path)] in found] == [
        ("unknown_element", "Bundle.entry[0]"),
        ("unknown_element", "Bundle.entry[1].request"),
    ]


def test_a_body_that_is_too_large_is_refused(api: ValidatingClient) -> None:
    answer = send(api, b" " * (BULK_BODY + 1))
    assert answer.status_code == 413
    assert answer.json()["issue"][0]["code"] == "too-long"


def test_another_media_type_is_refused_and_json_is_taken(api: ValidatingClient, caller: Caller) -> None:
    text = json.dumps(bundle(observation(caller)))
    answer = api.post("/fhir/", text, content_type="application/fhir+xml")
    assert answer.status_code == 415
    for media_type in ("application/json", "application/fhir+json; charset=utf-8; fhirVersion=4.0"):
        assert api.post("/fhir/", text, content_type=media_type).status_code == 200


def test_an_answer_is_given_as_it_is_accepted(db: None, caller: Caller) -> None:
    client = Client(headers={"Authorization": f"Bearer {caller.key}"})
    path = "/fhir/Observation?patient=019a2b3c-4d5e-7f60-8a9b-0c1d2e3f4a5d"
    asked = {"*/*": "application/fhir+json", "application/json": "application/json"}
    for accepted, given in asked.items():
        assert client.get(path, headers={"Accept": accepted}).headers["Content-Type"] == given
    answer = client.get(path, headers={"Accept": "application/fhir+xml"})
    assert (answer.status_code, answer.headers["Content-Type"]) == (406, "application/fhir+json")


def _number_of_queries(api: ValidatingClient, body: Any) -> int:
    with CaptureQueriesContext(
        connection,
    ) as captured:
        answer = send(api, body)
    assert all(each["response"]["status"][:2] == "20" for each in answer.json()["entry"])
    return len(captured)


def _everything(caller: Caller, prefix: str, number: int) -> list[dict[str, Any]]:
    """So many of each: readings of new patients and of one known by our id, corrections of both kinds."""
    patient = {"reference": f"Patient/{Patient.objects.get(external_id='p-1').pk}"}
    found = []
    for n in range(number):
        name = f"{prefix}-{n}"
        replaced = {
            "url": "urn:clinical-engine:fhir:replaces",
            "valueIdentifier": {"system": "urn:x:y", "value": f"{name}-old"},
        }
        found += [
            observation(caller, f"{name}-a", f"{name}"),
            pressure(caller, f"{name}-b", subject=patient),
            observation(caller, f"{name}-c", extension=[replaced]),
            observation(caller, f"{name}-d", status="entered-in-error"),
        ]
    return found


def test_a_hundred_entries_take_the_queries_of_a_few(api: ValidatingClient, caller: Caller) -> None:
    send(api, bundle(observation(caller)))
    few = _number_of_queries(api, bundle(*_everything(caller, "few", 1)))
    assert _number_of_queries(api, bundle(*_everything(caller, "many", 25))) == few


def test_a_search_takes_the_queries_of_one(api: ValidatingClient, caller: Caller) -> None:
    numbers = []
    for number in (1, 30):
        send(api, bundle(*(observation(caller, f"{number}-{n}") for n in range(number))))
        patient = str(Patient.objects.get().pk)
        with CaptureQueriesContext(connection) as captured:
            answer = api.get("/fhir/Observation", {"patient": patient})
        assert len(answer.json()["entry"]) >= number
        numbers.append(len(captured))
    assert numbers[0] == numbers[1]


WASTEFUL = [
    '{"identifier": [ITEMS]}',
    '{"resourceType": "Observation", "identifier": [ITEMS]}',
    '{"resourceType": "Observation", "component": [ITEMS]}',
    '{"resourceType": "Observation", "code": {"coding": [ITEMS]}}',
    "[ITEMS]",
    "7",
]


@pytest.mark.parametrize("resource", WASTEFUL)
def test_the_worst_body_takes_no_more_than_some_times_its_size(api: ValidatingClient, resource: str) -> None:
    items = ",".join(["{}"] * (300_000 if "ITEMS" in resource else 1))
    text = json.dumps(bundle(7)).replace(": 7", f": {resource.replace('ITEMS', items)}")
    size = len(text)
    send(api, bundle(7))
    tracemalloc.start()
    answer = send(api, text)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert answer.json()["entry"][0]["response"]["status"].startswith("422")
    assert peak < 20 * size + 2_000_000
