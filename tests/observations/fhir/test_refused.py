"""Observations that cannot be taken: each says which element, and why."""

import json
from typing import Any

import pytest

from observations.models import Measurement, RefusalCount
from tests.factories import Caller
from tests.observations.fhir.bodies import bundle, concept, observation, pressure, quantity, refusal, send
from tests.observations.fhir.conftest import ValidatingClient

UCUM = "http://unitsofmeasure.org"
REPLACES = "urn:clinical-engine:fhir:replaces"
# What is sent in place of an element; the refusal's code and the path below the resource.
REFUSED: list[tuple[dict[str, Any], str, str]] = [
    ({"identifier": None}, "missing", "identifier"),
    ({"identifier": [{"system": "urn:x:y"}]}, "missing", "identifier"),
    ({"identifier": [{"system": "cuff", "value": "1"}]}, "invalid", "identifier[0].system"),
    ({"identifier": [{"system": "urn:a|b", "value": "1"}]}, "invalid", "identifier[0].system"),
    ({"identifier": [{"value": "x" * 129}]}, "too_long", "identifier[0].value"),
    ({"identifier": [{"value": ""}]}, "empty", "identifier[0].value"),
    ({"identifier": [{"value": 7}]}, "invalid", "identifier[0].value"),
    ({"identifier": None, "status": "entered-in-error"}, "missing", "identifier"),
    ({"identifier": [{"value": " "}], "status": "entered-in-error"}, "not_printable", "identifier[0].value"),
    ({"status": None}, "missing", "status"),
    ({"status": "preliminary"}, "status_not_final", "status"),
    ({"status": "registered"}, "status_not_final", "status"),
    ({"status": "cancelled"}, "status_not_final", "status"),
    ({"status": "unknown"}, "status_not_final", "status"),
    ({"status": "FINAL"}, "status_not_final", "status"),
    ({"code": None}, "missing", "code"),
    ({"code": {"text": "Glucose"}}, "code_system_not_supported", "code"),
    ({"code": concept("2339-0", system="http://snomed.info/sct")}, "code_system_not_supported", "code"),
    ({"code": concept("1-8")}, "unknown_code", "code"),
    ({"code": concept("glucose-mean-7d", system="urn:clinical-engine:codes")}, "unknown_code", "code"),
    ({"subject": None}, "missing", "subject"),
    ({"subject": {"display": "Somebody"}}, "subject_not_understood", "subject"),
    ({"subject": {"reference": "Patient/1"}}, "subject_not_understood", "subject"),
    ({"subject": {"reference": f"Patient/{'0' * 8}-0000-0000-0000-{'0' * 12}"}}, "unknown_patient", "subject.reference"),
    ({"effectiveDateTime": None}, "missing", "effectiveDateTime"),
    ({"effectiveDateTime": "2026-03-10"}, "date_without_time", "effectiveDateTime"),
    ({"effectiveDateTime": "2026"}, "date_without_time", "effectiveDateTime"),
    ({"effectiveDateTime": "2026-03-10T12:00:00"}, "time_zone_missing", "effectiveDateTime"),
    ({"effectiveDateTime": "2026-03-10 12:00:00Z"}, "invalid", "effectiveDateTime"),
    ({"effectiveDateTime": "2026-02-30T12:00:00Z"}, "invalid", "effectiveDateTime"),
    ({"effectiveDateTime": "1880-03-10T12:00:00Z"}, "too_early", "effectiveDateTime"),
    ({"effectiveDateTime": "2999-03-10T12:00:00Z"}, "in_the_future", "effectiveDateTime"),
    ({"effectiveDateTime": None, "effectiveInstant": "2999-03-10T12:00:00Z"}, "in_the_future", "effectiveInstant"),
    ({"effectiveInstant": "2026-03-10T12:00:00Z"}, "time_twice", "effectiveInstant"),
    ({"effectiveDateTime": None, "effectivePeriod": {}}, "no_instant", "effectivePeriod"),
    ({"effectiveTiming": {}}, "no_instant", "effectiveTiming"),
    ({"valueQuantity": None}, "missing", "value"),
    ({"valueQuantity": None, "dataAbsentReason": {"text": "Asleep"}}, "value_absent", "dataAbsentReason"),
    ({"valueString": "100"}, "value_twice", "valueString"),
    ({"valueQuantity": None, "valueInteger": 100}, "value_type_not_supported", "valueInteger"),
    ({"valueQuantity": None, "valueString": "100"}, "not_a_number", "valueString"),
    ({"valueQuantity": None, "valueCodeableConcept": {"text": "High"}}, "not_a_code", "valueCodeableConcept.coding"),
    (
        {"valueQuantity": None, "valueCodeableConcept": concept("1", system="urn:x:y")},
        "code_system_not_supported",
        "valueCodeableConcept.coding",
    ),
    ({"valueQuantity": quantity("100", "mg/dL")}, "not_a_number", "valueQuantity.value"),
    ({"valueQuantity": quantity(1e308, "mg/dL")}, "too_large", "valueQuantity.value"),
    ({"valueQuantity": quantity(56_000_000_000_000, "mmol/L")}, "too_large", "valueQuantity.value"),
    ({"valueQuantity": quantity(float("nan"), "mg/dL")}, "not_a_number", "valueQuantity.value"),
    ({"valueQuantity": quantity(None, "mg/dL")}, "not_a_number", "valueQuantity.value"),
    ({"valueQuantity": {"system": UCUM, "code": "mg/dL"}}, "missing", "valueQuantity.value"),
    ({"valueQuantity": quantity(100, "mg/dL", comparator=">")}, "comparator_not_supported", "valueQuantity.comparator"),
    ({"valueQuantity": {"value": 100, "unit": "mg/dL"}}, "unit_missing", "valueQuantity.code"),
    ({"valueQuantity": {"value": 100, "code": "mg/dL"}}, "unit_system_not_supported", "valueQuantity.system"),
    ({"valueQuantity": quantity(100, "kg")}, "wrong_dimension", "valueQuantity.code"),
    ({"valueQuantity": quantity(5, "mmol/l")}, "wrong_unit", "valueQuantity.code"),
    ({"valueQuantity": quantity(100, "spoon")}, "unknown_unit", "valueQuantity.code"),
    ({"valueQuantity": 100}, "invalid", "valueQuantity"),
    ({"modifierExtension": [{"url": "urn:x:not"}]}, "modifier_not_understood", "modifierExtension"),
    ({"implicitRules": "urn:x:rules"}, "modifier_not_understood", "implicitRules"),
    ({"focus": [{"reference": "Patient/2"}]}, "focus_not_supported", "focus"),
    ({"valuequantity": {}}, "unknown_element", ""),
    ({"extension": [{"url": REPLACES}]}, "missing", "extension[0].valueIdentifier"),
    ({"extension": [{"url": REPLACES, "valueIdentifier": {"value": "a"}}] * 2}, "replaces_twice", "extension[0].valueIdentifier"),
    (
        {"extension": [{"url": "urn:x:y"}, {"url": REPLACES, "valueIdentifier": {"system": "urn:oid:1.2.3.4", "value": "m-1"}}]},
        "replaces_itself",
        "extension[1].valueIdentifier",
    ),
    ({"note": [{"text": "x" * 70_000}]}, "too_large", ""),
]  # fmt: skip


@pytest.mark.parametrize(
    ("fields", "code", "path"), REFUSED, ids=[f"{number}-{case[1]}" for number, case in enumerate(REFUSED)]
)
def test_a_resource_that_cannot_be_taken_says_which_element_and_why(
    api: ValidatingClient, caller: Caller, fields: dict[str, Any], code: str, path: str
) -> None:
    answer = send(api, bundle(observation(caller, **fields)))
    assert refusal(answer) == (code, path or "resource")
    assert not Measurement.objects.exists()
    counted = RefusalCount.objects.get(reason=code)
    assert (counted.number, counted.organisation) == (1, caller.organisation)
    # Whatever else is wrong with it, what it is about is counted.
    about = fields.get("code", concept("2339-0"))
    is_counted = path != "code" or code == "unknown_code"
    assert counted.code == (about["coding"][0]["code"] if is_counted else "")


def _part(code: str = "8480-6", **fields: Any) -> dict[str, Any]:
    found = {"code": concept(code), "valueQuantity": quantity(128, "mm[Hg]"), **fields}
    return {name: value for name, value in found.items() if value is not None}


OTHER = _part("8462-4", valueQuantity=quantity(82, "mm[Hg]"))
PARTS: list[tuple[list[Any], str, str]] = [
    ([_part()], "component_missing", "component"),
    ([_part(), OTHER, _part()], "component_twice", "component[2].code"),
    ([_part(), OTHER, _part("2339-0")], "unknown_component", "component[2].code"),
    ([OTHER, _part(valueQuantity=quantity(1, "kg"))], "wrong_dimension", "component[1].valueQuantity.code"),
    ([OTHER, _part(valueQuantity=quantity("1", "mm[Hg]"))], "not_a_number", "component[1].valueQuantity.value"),
    ([OTHER, _part(valueQuantity=None)], "missing", "component[1].value"),
    ([OTHER, _part(valueQuantity=None, valueBoolean=True)], "not_a_number", "component[1].valueBoolean"),
    ([OTHER, _part(valueQuantity=None, dataAbsentReason={})], "value_absent", "component[1].dataAbsentReason"),
    ([OTHER, _part(valueInteger=1)], "value_type_not_supported", "component[1].valueInteger"),
    ([OTHER, _part(modifierExtension=[])], "modifier_not_understood", "component[1].modifierExtension"),
    ([OTHER, _part(colour="red")], "unknown_element", "component[1]"),
    ([OTHER, {"valueBoolean": True}], "missing", "component[1].code"),
    ([OTHER, 7], "invalid", "component[1]"),
    ([_part()] * 300, "too_many", "component"),
]  # fmt: skip


@pytest.mark.parametrize(("parts", "code", "path"), PARTS, ids=[case[1] for case in PARTS])
def test_a_component_that_cannot_be_taken_says_which_element_and_why(
    api: ValidatingClient, caller: Caller, parts: list[Any], code: str, path: str
) -> None:
    assert refusal(send(api, bundle(pressure(caller, component=parts)))) == (code, path)


def test_a_panel_without_components_and_one_with_a_value_are_refused(
    api: ValidatingClient, caller: Caller
) -> None:
    assert refusal(send(api, bundle(pressure(caller, component=None)))) == ("missing", "component")
    both = pressure(caller, valueQuantity=quantity(1, "mm[Hg]"))
    assert refusal(send(api, bundle(both))) == ("value_and_components", "valueQuantity")


def test_what_is_not_text_spoils_its_entry_only(api: ValidatingClient, caller: Caller) -> None:
    note: dict[str, Any] = {
        "valueQuantity": None,
        "code": concept("patient-note", system="urn:clinical-engine:codes"),
    }
    for spoiled in ('"\\ud800"', b'"\xff"'):
        text = spoiled if isinstance(spoiled, bytes) else spoiled.encode()
        body = json.dumps(
            bundle(observation(caller, "a", valueString="SPOILED", **note), observation(caller, "b"))
        ).encode()
        answer = send(api, body.replace(b'"SPOILED"', text))
        found = [each["response"]["status"][:3] for each in answer.json()["entry"]]
        assert found[0] == "422"
        assert found[1][:2] == "20"
