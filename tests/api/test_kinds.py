"""Every kind of value over the API: kept as it was sent, and refused with field and reason where it is not what the code takes."""

from collections.abc import Callable
from typing import Any

import pytest

from observations.models import Code, Measurement, ValueKind
from tests.api.bodies import at, errors, outcomes, post, reading, readings, statement
from tests.api.contract import DescribedClient
from tests.api.stored import publish_mean_of, results, shown
from tests.factories import NOON, Caller, days

SYSTOLIC = {"code": "8480-6", "value": 128, "unit": "mm[Hg]"}
DIASTOLIC = {"code": "8462-4", "value": 82, "unit": "mm[Hg]"}
ITEMS = ["44250-9", "44255-8", "44259-0", "44254-1", "44251-7", "44258-2", "44252-5", "44253-3", "44260-8"]
NOT_AT_ALL = "LA6568-5"
ANSWERS = [{"code": code, "value": NOT_AT_ALL} for code in ITEMS]


def sent(code: str, client_id: str = "m-1", **fields: Any) -> dict[str, Any]:
    """A reading with nothing of a value but what is given."""
    plain = reading(client_id, code=code)
    return {name: plain[name] for name in plain if name not in {"value", "unit"}} | fields


def pressure(client_id: str = "m-1", *components: Any, **fields: Any) -> dict[str, Any]:
    return sent("85354-9", client_id, components=list(components) or [SYSTOLIC, DIASTOLIC], **fields)


def answers(*components: Any, **fields: Any) -> dict[str, Any]:
    return sent("44249-1", components=list(components or ANSWERS), **fields)


@pytest.fixture
def free_answers(db: None) -> str:
    """A coded code for which the catalogue has no list of answers."""
    return Code.objects.create(code="1-8", display="Colour", value_kind=ValueKind.CODED).code


@pytest.mark.usefixtures("free_answers")
@pytest.mark.parametrize(
    ("reading_", "value"),
    [
        (sent("8867-4", value=72, unit="/min"), 72),
        (sent("meal-typical", value=True), True),
        (sent("meal-typical", value=False, unit=None), False),
        (sent("44250-9", value=NOT_AT_ALL), NOT_AT_ALL),
        (sent("1-8", value="anything, with a space"), "anything, with a space"),
        (sent("1-8", value="x" * 64), "x" * 64),
        (sent("patient-note", value="First line\nSecond: \N{SNOWMAN} 患者"), None),
        (sent("patient-note", value="x" * 4000), None),
        (sent("patient-note", value="true"), None),
        (sent("patient-note", value="77"), None),
    ],
    ids=["quantity", "yes", "no", "listed answer", "any answer", "64", "lines", "4,000", "true", "77"],
)
def test_a_single_value_is_shown_as_it_was_sent(
    api: DescribedClient, caller: Caller, reading_: dict[str, Any], value: object
) -> None:
    answer = post(api, "measurements", readings(caller, reading_))
    assert (answer.status_code, outcomes(answer)) == (202, ["held"])
    row = shown(api)["m-1"]
    assert row["value"] == (reading_["value"] if value is None else value)
    assert type(row["value"]) is type(reading_["value"])
    assert (row["components"], row["implausible"]) == ([], False)
    assert (row["canonical_value"], row["canonical_unit"]) == (
        (72, "/min") if reading_["code"] == "8867-4" else (None, "")
    )
    assert outcomes(post(api, "measurements", readings(caller, reading_))) == ["duplicate"]


def test_a_blood_pressure_is_one_reading_of_two_values(api: DescribedClient, caller: Caller) -> None:
    answer = post(api, "measurements", readings(caller, pressure()))
    assert outcomes(answer) == ["held"]
    row = shown(api)["m-1"]
    assert (row["value"], row["unit"], row["canonical_value"], row["canonical_unit"]) == (None, "", None, "")
    assert row["components"] == [
        {**SYSTOLIC, "canonical_value": 128},
        {**DIASTOLIC, "canonical_value": 82},
    ]


def test_a_questionnaire_is_answered_item_by_item(api: DescribedClient, caller: Caller) -> None:
    assert outcomes(post(api, "measurements", readings(caller, answers()))) == ["held"]
    components = shown(api)["m-1"]["components"]
    assert {one["code"]: one["value"] for one in components} == dict.fromkeys(ITEMS, NOT_AT_ALL)
    assert {(one["unit"], one["canonical_value"]) for one in components} == {("", None)}


def test_components_are_listed_in_the_order_of_the_catalogue_and_those_it_no_longer_has_last(
    api: DescribedClient, caller: Caller
) -> None:
    post(api, "measurements", readings(caller, pressure("m-1", DIASTOLIC, SYSTOLIC)))
    post(api, "measurements", readings(caller, answers() | {"client_id": "m-2"}))
    assert [one["code"] for one in shown(api)["m-1"]["components"]] == ["8480-6", "8462-4"]
    assert [one["code"] for one in shown(api)["m-2"]["components"]] == list(ITEMS)
    parts = Code.objects.get(code="85354-9").parts
    parts.filter(part__code="8480-6").update(position=9)
    assert [one["code"] for one in shown(api)["m-1"]["components"]] == ["8462-4", "8480-6"]
    parts.filter(part__code="8462-4").delete()
    assert [one["code"] for one in shown(api)["m-1"]["components"]] == ["8480-6", "8462-4"]


def test_components_in_another_order_or_with_other_digits_are_the_same_content(
    api: DescribedClient, caller: Caller
) -> None:
    post(api, "measurements", readings(caller, pressure()))
    again = pressure("m-1", {**DIASTOLIC, "value": 82.0}, SYSTOLIC)
    assert outcomes(post(api, "measurements", readings(caller, again))) == ["duplicate"]
    for other in (
        pressure("m-1", SYSTOLIC, {**DIASTOLIC, "value": 83}),
        sent("8480-6", value=128, unit="mm[Hg]"),
        sent("patient-note", value="128/82"),
    ):
        assert outcomes(post(api, "measurements", readings(caller, other))) == ["conflict"]


def test_a_part_that_is_not_required_may_be_missing(api: DescribedClient, caller: Caller) -> None:
    Code.objects.get(code="85354-9").parts.filter(part__code="8462-4").update(is_required=False)
    answer = post(api, "measurements", readings(caller, pressure("m-1", SYSTOLIC)))
    assert outcomes(answer) == ["held"]
    assert [one["code"] for one in shown(api)["m-1"]["components"]] == ["8480-6"]


def test_scripts_read_the_parts_of_a_panel_as_they_read_single_readings(
    api: DescribedClient, caller: Caller, work: Callable[[], int]
) -> None:
    publish_mean_of("8480-6")
    post(api, "activations", statement(caller))
    single = sent("8480-6", "m-2", value=110, unit="mm[Hg]", measured_at=at(NOON + days(0.5)))
    post(api, "measurements", readings(caller, pressure(), single))
    work()
    assert results() == [{"a": 128}, {"a": 119}]


def test_a_script_that_reads_both_parts_of_a_panel_names_their_measurement_once(
    api: DescribedClient, caller: Caller, work: Callable[[], int]
) -> None:
    publish_mean_of("8480-6", "8462-4")
    post(api, "activations", statement(caller))
    answer = post(api, "measurements", readings(caller, pressure()))
    work()
    assert results() == [{"a": 128, "b": 82}]
    patient = str(Measurement.objects.get().patient_id)
    [observation] = api.get("/api/v1/observations", {"patient": patient}).json()["results"]
    assert observation["derived_from"] == [answer.json()["results"][0]["measurement"]]


BAD: dict[str, tuple[dict[str, Any], str, str]] = {
    "no value": (sent("8867-4", unit="/min"), "value", "missing"),
    "a text for a number": (sent("8867-4", unit="/min", value="72"), "value", "not_a_number"),
    "a number for yes or no": (sent("meal-typical", value=1), "value", "not_boolean"),
    "a text for yes or no": (sent("meal-typical", value="true"), "value", "not_boolean"),
    "a number for an answer": (sent("44250-9", value=0), "value", "not_a_code"),
    "an answer that is not listed": (sent("44250-9", value="LA6568-6"), "value", "unknown_answer"),
    "a unit for an answer": (sent("44250-9", value=NOT_AT_ALL, unit="1"), "unit", "unit_not_allowed"),
    "an empty answer": (sent("1-8", value=""), "value", "empty"),
    "an answer of 65": (sent("1-8", value="x" * 65), "value", "too_long"),
    "an answer with a line end": (sent("1-8", value="a\nb"), "value", "not_printable"),
    "a number for a text": (sent("patient-note", value=7), "value", "not_text"),
    "yes for a text": (sent("patient-note", value=True), "value", "not_text"),
    "a unit for a text": (sent("patient-note", value="a", unit="kg"), "unit", "unit_not_allowed"),
    "white space for a text": (sent("patient-note", value=" \n "), "value", "empty"),
    "a text of 4,001": (sent("patient-note", value="x" * 4001), "value", "too_long"),
    "a text of a million": (sent("patient-note", value="x" * 1_000_000), "value", "too_long"),
    "a text with NUL": (sent("patient-note", value="a\0b"), "value", "not_printable"),
    "a single value for a panel": (sent("85354-9", value=128, unit="mm[Hg]"), "components", "missing"),
    "nothing for a panel": (sent("85354-9"), "components", "missing"),
    "null for a panel": (sent("85354-9", value=None), "components", "missing"),
    "nothing for a text": (sent("patient-note"), "value", "missing"),
    "null for a text": (sent("patient-note", value=None), "value", "not_text"),
    "null for yes or no": (sent("meal-typical", value=None), "value", "not_boolean"),
    "null for an answer": (sent("44250-9", value=None), "value", "not_a_code"),
    "null for a number": (sent("8867-4", unit="/min", value=None), "value", "not_a_number"),
    "a list for a text": (sent("patient-note", value=["a"]), "value", "not_text"),
    "null for a code that there is not": (sent("99999-9", value=None), "code", "unknown_code"),
    "components for a single value": (
        pressure() | {"code": "8480-6"},
        "components",
        "components_not_allowed",
    ),
    "value and components": (pressure(value=1), "value", "value_and_components"),
    "a unit beside components": (pressure(unit="mm[Hg]"), "unit", "unit_not_allowed"),
    "no components": (pressure() | {"components": []}, "components", "empty"),
    "components null": (pressure() | {"components": None}, "components", "missing"),
    "components a record": (pressure() | {"components": {}}, "components", "invalid"),
    "a component that is none": (pressure("m-1", 7), "components[0]", "invalid"),
    "a component without code": (pressure("m-1", {"value": 7}), "components[0].code", "missing"),
    "a component without value": (pressure("m-1", {"code": "8480-6"}), "components[0].value", "missing"),
    "a component with more": (pressure("m-1", {**SYSTOLIC, "note": 1}), "components[0].note", "invalid"),
    "300 components": (pressure("m-1", *[SYSTOLIC] * 300), "components", "too_many"),
    "a component of another panel": (
        pressure("m-1", SYSTOLIC, DIASTOLIC, {"code": "8867-4", "value": 72, "unit": "/min"}),
        "components[2].code",
        "unknown_component",
    ),
    "a component twice": (
        pressure("m-1", SYSTOLIC, DIASTOLIC, SYSTOLIC),
        "components[2].code",
        "component_twice",
    ),
    "a component missing": (pressure("m-1", DIASTOLIC), "components", "component_missing"),
    "a component with a text": (
        pressure("m-1", SYSTOLIC, {**DIASTOLIC, "value": "82"}),
        "components[1].value",
        "not_a_number",
    ),
    "a component that is a list": (
        pressure("m-1", {**SYSTOLIC, "value": [1]}, DIASTOLIC),
        "components[0].value",
        "not_a_number",
    ),
    "a component that is null": (
        answers(*ANSWERS[:8], {"code": ITEMS[8], "value": None}),
        "components[8].value",
        "not_a_code",
    ),
    "a component beyond all numbers": (
        pressure("m-1", {**SYSTOLIC, "value": 1e308}, DIASTOLIC),
        "components[0].value",
        "too_large",
    ),
    "a component without unit": (
        pressure("m-1", {"code": "8480-6", "value": 128}, DIASTOLIC),
        "components[0].unit",
        "unit_missing",
    ),
    "a component in another dimension": (
        pressure("m-1", {**SYSTOLIC, "unit": "kg"}, DIASTOLIC),
        "components[0].unit",
        "wrong_dimension",
    ),
    "an item without answer": (answers(*ANSWERS[1:]), "components", "component_missing"),
    "an item with another answer": (
        answers(*ANSWERS[:8], {"code": ITEMS[8], "value": "never"}),
        "components[8].value",
        "unknown_answer",
    ),
}


@pytest.mark.usefixtures("free_answers")
@pytest.mark.parametrize(("bad", "field", "code"), BAD.values(), ids=BAD)
def test_what_the_code_does_not_take_is_refused_and_the_other_readings_count(
    api: DescribedClient, caller: Caller, bad: dict[str, Any], field: str, code: str
) -> None:
    answer = post(api, "measurements", readings(caller, reading("good-1"), bad, pressure("good-2")))
    assert (answer.status_code, outcomes(answer)) == (422, ["held", "refused", "held"])
    assert errors(answer) == [(1, field, code)]
    assert set(shown(api)) == {"good-1", "good-2"}


def test_every_fault_of_the_components_is_named_at_once(api: DescribedClient, caller: Caller) -> None:
    bad = pressure("m-1", {**SYSTOLIC, "value": "high", "unit": "kg"}, {"code": "8310-5", "value": 37})
    answer = post(api, "measurements", readings(caller, bad))
    assert errors(answer) == [
        (0, "components[1].code", "unknown_component"),
        (0, "components", "component_missing"),
        (0, "components[0].value", "not_a_number"),
        (0, "components[0].unit", "wrong_dimension"),
    ]


def test_a_nan_among_components_refuses_its_reading_only(api: DescribedClient, caller: Caller) -> None:
    body = str(readings(caller, pressure("bad", {**SYSTOLIC, "value": 0}, DIASTOLIC), pressure("good")))
    text = body.replace("'", '"').replace('"value": 0,', '"value": NaN,')
    answer = post(api, "measurements", text)
    assert outcomes(answer) == ["refused", "held"]
    assert errors(answer) == [(0, "components[0].value", "not_a_number")]
