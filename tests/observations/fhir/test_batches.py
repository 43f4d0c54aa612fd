"""Bundles of the type batch: every entry is answered, whatever becomes of the others."""

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from observations.models import Correction, Measurement, MeasurementConflict, MeasurementSource, RefusalCount
from patients.models import Patient
from patients.services import ensure_patients
from submitters.services import create_api_client
from tests.factories import NOON, Caller
from tests.factories import caller as new_caller
from tests.observations.fhir.bodies import (
    CUFF,
    bundle,
    concept,
    entry,
    issues,
    observation,
    pressure,
    quantity,
    send,
    statuses,
    subject,
)
from tests.observations.fhir.conftest import ValidatingClient, client_of


def test_an_observation_becomes_a_measurement(
    api: ValidatingClient, caller: Caller, linked: None, work: Callable[[], int]
) -> None:
    work()
    answer = send(api, bundle(observation(caller)))
    assert answer.status_code == 200
    assert answer.json()["type"] == "batch-response"
    measurement = Measurement.objects.get()
    [entry] = answer.json()["entry"]
    assert entry["response"]["status"] == "201 Created"
    assert entry["response"]["location"] == f"Observation/{measurement.pk}"
    assert issues(entry["response"]["outcome"]) == [("information", "accepted", "")]
    assert measurement.source == MeasurementSource.FHIR
    assert measurement.client_id == f"{CUFF}|m-1"
    assert measurement.patient.external_id == "p-1"
    assert measurement.measured_at == NOON
    assert (measurement.value_quantity, measurement.unit) == (Decimal(100), "mg/dL")


def test_one_of_a_patient_who_is_not_linked_is_held(api: ValidatingClient, caller: Caller) -> None:
    answer = send(api, bundle(observation(caller)))
    assert statuses(answer) == ["201 Created"]
    assert issues(answer.json()["entry"][0]["response"]["outcome"]) == [("information", "held", "")]


def test_the_same_again_is_a_duplicate_and_something_else_a_conflict(
    api: ValidatingClient, caller: Caller
) -> None:
    first, other = observation(caller), observation(caller, valueQuantity=quantity(101, "mg/dL"))
    assert statuses(send(api, bundle(first, first, other))) == ["201 Created", "200 OK", "409 Conflict"]
    answer = send(api, bundle(first, other))
    assert statuses(answer) == ["200 OK", "409 Conflict"]
    places = {each["response"]["location"] for each in answer.json()["entry"]}
    assert places == {f"Observation/{Measurement.objects.get().pk}"}
    outcome = answer.json()["entry"][1]["response"]["outcome"]
    assert issues(outcome) == [("error", "conflict", "Bundle.entry[1].resource.identifier[0].value")]
    assert outcome["issue"][0]["code"] == "conflict"
    assert MeasurementConflict.objects.exists()


def test_a_bad_entry_does_not_touch_the_others(api: ValidatingClient, caller: Caller) -> None:
    good: list[Any] = [observation(caller, f"m-{number}") for number in range(6)]
    good[1]["valueQuantity"]["code"] = "kg"
    good[2]["status"] = "preliminary"
    good[3] = "no resource"
    answer = send(api, bundle(*good))
    assert [status[:3] for status in statuses(answer)] == ["201", "422", "422", "422", "201", "201"]
    assert Measurement.objects.count() == 3
    counts = RefusalCount.objects.order_by("reason").values_list("reason", "code", "field", "number")
    assert list(counts) == [
        ("invalid", "", "item", 1),
        ("status_not_final", "2339-0", "item", 1),
        ("wrong_dimension", "2339-0", "unit", 1),
    ]


@pytest.mark.parametrize("text", ["7.00", "120", "-0.5", "1e2", "0.1000000000000000055511151231257827"])
def test_a_number_keeps_its_digits_on_its_way_in_and_out(
    api: ValidatingClient, caller: Caller, text: str
) -> None:
    body = bundle(observation(caller, valueQuantity=quantity("VALUE", "mg/dL")), pressure(caller, "m-2"))
    answer = send(api, json.dumps(body).replace('"VALUE"', text).replace(": 128", f": {text}"))
    if len(text) > 30:
        assert statuses(answer) == ["422 Unprocessable Entity"] * 2
        return
    for place in answer.json()["entry"]:
        shown = api.get(f"/fhir/{place['response']['location']}").content.decode()
        assert f'"value":{text.replace("1e2", "100")},' in shown


def test_blood_pressure_is_one_measurement_of_two_values(api: ValidatingClient, caller: Caller) -> None:
    assert statuses(send(api, bundle(pressure(caller)))) == ["201 Created"]
    components = Measurement.objects.get().components or {}
    assert {code: value["quantity"] for code, value in components.items()} == {"8480-6": 128, "8462-4": 82}


def test_an_answer_a_text_and_a_yes_are_taken(api: ValidatingClient, caller: Caller) -> None:
    own = "urn:clinical-engine:codes"
    item: dict[str, Any] = {"valueQuantity": None}
    answer = send(
        api,
        bundle(
            observation(
                caller,
                "a",
                code=concept("44250-9"),
                valueCodeableConcept=concept("LA6569-3"),
                **item,
            ),
            observation(
                caller, "b", code=concept("patient-note", system=own), valueString="Slept well", **item
            ),
            observation(caller, "c", code=concept("meal-typical", system=own), valueBoolean=False, **item),
        ),
    )
    assert statuses(answer) == ["201 Created"] * 3
    rows = Measurement.objects.order_by("client_id").values_list(
        "value_answer", "value_text", "value_boolean"
    )
    assert list(rows) == [("LA6569-3", None, None), (None, "Slept well", None), (None, None, False)]


@pytest.mark.parametrize("codes", [("59408-5", "2708-6"), ("2708-6", "59408-5"), ("59408-5",)])
def test_oxygen_saturation_by_pulse_oximetry_comes_with_the_general_code(
    api: ValidatingClient, caller: Caller, codes: tuple[str, ...]
) -> None:
    answer = send(api, bundle(observation(caller, code=concept(*codes), valueQuantity=quantity(97, "%"))))
    assert Measurement.objects.get().code.code == "59408-5"
    shown = api.get(f"/fhir/{answer.json()['entry'][0]['response']['location']}").json()
    assert [coding["code"] for coding in shown["code"]["coding"]] == ["59408-5", "2708-6"]
    assert shown["category"][0]["coding"][0]["code"] == "vital-signs"


def test_the_first_coding_that_the_catalogue_has_is_the_code(api: ValidatingClient, caller: Caller) -> None:
    codes = concept("1-8", "2339-0", "15074-8")
    codes["coding"].insert(0, {"system": "http://snomed.info/sct", "code": "2339-0"})
    assert statuses(send(api, bundle(observation(caller, code=codes)))) == ["201 Created"]
    assert Measurement.objects.get().code.code == "2339-0"


def test_a_patient_can_be_named_by_our_own_id(api: ValidatingClient, caller: Caller) -> None:
    ids = ensure_patients(organisation_id=caller.organisation.pk, external_ids=["p-7"])
    named = {"reference": f"Patient/{ids['p-7']}"}
    assert statuses(send(api, bundle(observation(caller, subject=named)))) == ["201 Created"]
    assert Measurement.objects.get().patient_id == ids["p-7"]


def test_the_identifier_of_our_own_system_comes_first_and_is_the_client_id(
    api: ValidatingClient, caller: Caller
) -> None:
    named = [{"system": CUFF, "value": "x"}, {"system": "urn:clinical-engine:client-ids", "value": "cuff/1"}]
    send(api, bundle(observation(caller, identifier=named)))
    assert Measurement.objects.get().client_id == "cuff/1"


def test_what_is_not_kept_is_named(api: ValidatingClient, caller: Caller) -> None:
    more: dict[str, Any] = {"device": {"display": "A cuff"}, "note": [{"text": "After a walk"}]}
    answer = send(api, bundle(observation(caller, **more)))
    told, kept = answer.json()["entry"][0]["response"]["outcome"]["issue"]
    assert told["severity"] == kept["severity"] == "information"
    assert kept["expression"] == [f"Bundle.entry[0].resource.{name}" for name in ("device", "note")]


def test_an_implausible_value_is_stored_and_flagged(api: ValidatingClient, caller: Caller) -> None:
    answer = send(api, bundle(observation(caller, valueQuantity=quantity(9_000, "mg/dL"))))
    outcome = answer.json()["entry"][0]["response"]["outcome"]
    assert ("warning", "implausible", "") in issues(outcome)
    shown = api.get(f"/fhir/{answer.json()['entry'][0]['response']['location']}").json()
    assert {"url": "urn:clinical-engine:fhir:implausible", "valueBoolean": True} in shown["extension"]


def test_one_replaces_another(api: ValidatingClient, caller: Caller, work: Callable[[], int]) -> None:
    named = {"url": "urn:clinical-engine:fhir:replaces", "valueIdentifier": {"system": CUFF, "value": "m-1"}}
    better = observation(
        caller, "m-2", status="corrected", extension=[named], valueQuantity=quantity(90, "mg/dL")
    )
    answer = send(api, bundle(better, observation(caller)))
    work()
    second, first = (
        api.get(f"/fhir/{each['response']['location']}").json() for each in answer.json()["entry"]
    )
    assert (first["status"], second["status"]) == ("entered-in-error", "corrected")
    assert _standing(first) == "replaced"
    assert named in second["extension"]


def _standing(resource: dict[str, list[dict[str, str]]]) -> str:
    [found] = [each for each in resource["extension"] if each["url"] == "urn:clinical-engine:fhir:standing"]
    return found["valueCode"]


def test_one_is_taken_back_by_its_identifier_even_before_it_came(
    api: ValidatingClient, caller: Caller, work: Callable[[], int]
) -> None:
    wrong = observation(
        caller, status="entered-in-error", valueQuantity=None, note=[{"text": "Another\npatient"}]
    )
    answer = send(api, bundle(wrong))
    assert statuses(answer) == ["202 Accepted"]
    assert statuses(send(api, bundle(wrong))) == ["200 OK"]
    assert Correction.objects.get().reason == "Another patient"
    send(api, bundle(observation(caller)))
    work()
    measurement = Measurement.objects.get()
    shown = api.get(f"/fhir/Observation/{measurement.pk}").json()
    assert shown["status"] == _standing(shown) == "entered-in-error"
    assert shown["valueQuantity"]["value"] == 100


def test_a_bundle_may_be_of_several_organisations(db: None) -> None:
    first, second = new_caller(), new_caller()
    _, key = create_api_client(
        actor=None,
        name="Both",
        scopes=("measurements:write",),
        organisations=[first.organisation, second.organisation],
    )
    api = ValidatingClient(headers={"Authorization": f"Bearer {key}"})
    nobody = observation(first, "m-3", subject={"display": "Somebody"})
    answer = send(api, bundle(observation(first), nobody, observation(second)))
    assert [status[:3] for status in statuses(answer)] == ["201", "422", "201"]
    assert Measurement.objects.filter(organisation=first.organisation).count() == 1
    assert Patient.objects.count() == 2


def test_another_organisation_is_not_there(api: ValidatingClient, caller: Caller) -> None:
    other = new_caller()
    ids = ensure_patients(organisation_id=other.organisation.pk, external_ids=["p-1"])
    answer = send(
        api,
        bundle(
            observation(caller, "a", subject=subject(other)),
            observation(caller, "b", subject={"reference": f"Patient/{ids['p-1']}"}),
        ),
    )
    assert statuses(answer) == ["422 Unprocessable Entity"] * 2
    assert not Measurement.objects.exists()
    send(client_of(other), bundle(observation(other)))
    theirs = Measurement.objects.get()
    assert api.get(f"/fhir/Observation/{theirs.pk}").status_code == 404
    assert "entry" not in api.get("/fhir/Observation", {"patient": str(theirs.patient_id)}).json()


def test_the_base_address_is_the_same_without_a_slash(api: ValidatingClient, caller: Caller) -> None:
    assert statuses(send(api, bundle(observation(caller)), "/fhir")) == ["201 Created"]


def test_an_entry_with_another_request_is_not_supported(api: ValidatingClient, caller: Caller) -> None:
    asked = [
        entry(observation(caller), method="PUT", url="Observation/1"),
        entry(observation(caller), url="Patient"),
        entry(observation(caller), ifNoneExist="identifier=x|y"),
        {"request": {"method": "GET", "url": "Observation"}},
        entry({"resourceType": "Patient"}),
    ]
    answer = send(api, {"resourceType": "Bundle", "type": "batch", "entry": asked})
    found = [issues(each["response"]["outcome"])[0] for each in answer.json()["entry"]]
    assert [code for _, code, _ in found] == [
        "request_not_supported",
        "request_not_supported",
        "condition_not_supported",
        "request_not_supported",
        "resource_not_supported",
    ]
    kinds = {each["response"]["outcome"]["issue"][0]["code"] for each in answer.json()["entry"]}
    assert kinds == {"not-supported"}
