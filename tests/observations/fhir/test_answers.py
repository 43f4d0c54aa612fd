"""Answers: only those that LOINC or we define, whatever else has the same code."""

from typing import Any

import pytest

from observations.models import Measurement, RefusalCount
from tests.factories import Caller
from tests.observations.fhir.bodies import bundle, concept, observation, refusal, send, statuses
from tests.observations.fhir.conftest import ValidatingClient

OWN, LOINC, SNOMED = "urn:clinical-engine:codes", "http://loinc.org", "http://snomed.info/sct"
YES_OR_NO = "http://terminology.hl7.org/CodeSystem/v2-0136"
ALERT = "LA9340-6"
REFUSED = "code_system_not_supported"


def consciousness(caller: Caller, *codings: dict[str, str], **fields: Any) -> dict[str, Any]:
    answer = {"coding": list(codings)}
    usual = {"code": concept("80288-4"), "valueQuantity": None, "valueCodeableConcept": answer}
    return observation(caller, **{**usual, **fields})


def questionnaire(caller: Caller, system: str) -> dict[str, Any]:
    """The COPD Assessment Test, every item answered with '1' of a system."""
    items = [
        {"code": concept(f"cat-{item}", system=OWN), "valueCodeableConcept": concept("1", system=system)}
        for item in range(1, 9)
    ]
    return observation(caller, "cat", code=concept("cat", system=OWN), valueQuantity=None, component=items)


@pytest.mark.parametrize(
    "coding",
    [
        {"system": SNOMED, "code": ALERT},
        {"system": f"{LOINC}/", "code": ALERT},
        {"system": "urn:x:y", "code": "1"},
        {"code": ALERT},
    ],
    ids=str,
)
def test_a_code_that_another_system_defines_is_no_answer(
    api: ValidatingClient, caller: Caller, coding: dict[str, str]
) -> None:
    answer = send(api, bundle(consciousness(caller, coding)))
    assert refusal(answer) == (REFUSED, "valueCodeableConcept.coding")
    assert not Measurement.objects.exists()
    assert RefusalCount.objects.get().field == "value"


def test_a_questionnaire_answered_in_another_system_is_refused_and_in_ours_taken(
    api: ValidatingClient, caller: Caller
) -> None:
    answer = send(api, bundle(questionnaire(caller, YES_OR_NO)))
    assert refusal(answer) == (REFUSED, "component[0].valueCodeableConcept.coding")
    assert not Measurement.objects.exists()
    assert statuses(send(api, bundle(questionnaire(caller, OWN)))) == ["201 Created"]


def test_a_text_is_no_answer_even_when_it_reads_like_the_code_of_one(
    api: ValidatingClient, caller: Caller
) -> None:
    said = consciousness(caller, valueCodeableConcept=None, valueString=ALERT)
    assert refusal(send(api, bundle(said))) == ("not_a_code", "valueString")
    assert not Measurement.objects.exists()


def test_of_several_codings_the_one_that_the_catalogue_has_is_the_answer(
    api: ValidatingClient, caller: Caller
) -> None:
    codings = [
        {"system": SNOMED, "code": "248234008"},
        {"system": LOINC, "code": "LA0-0"},
        {"system": LOINC, "code": ALERT},
    ]
    assert statuses(send(api, bundle(consciousness(caller, *codings)))) == ["201 Created"]
    assert Measurement.objects.get().value_answer == ALERT


def test_a_foreign_coding_is_passed_over_for_one_that_the_catalogue_does_not_have(
    api: ValidatingClient, caller: Caller
) -> None:
    codings = [{"system": SNOMED, "code": ALERT}, {"system": LOINC, "code": "LA0-0"}]
    answer = send(api, bundle(consciousness(caller, *codings)))
    assert refusal(answer) == ("unknown_answer", "valueCodeableConcept")


def test_answers_that_are_given_out_are_taken_back(api: ValidatingClient, caller: Caller) -> None:
    sent = [consciousness(caller, {"system": LOINC, "code": ALERT}), questionnaire(caller, OWN)]
    stored = send(api, bundle(*sent)).json()["entry"]
    shown = [api.get(f"/fhir/{entry['response']['location']}").json() for entry in stored]
    assert len(shown[1]["component"]) == 8
    assert statuses(send(api, bundle(*shown))) == ["200 OK"] * 2, "both are duplicates"
    fresh = [{**one, "identifier": [{"value": f"again-{n}"}]} for n, one in enumerate(shown)]
    assert statuses(send(api, bundle(*fresh))) == ["201 Created"] * 2
