"""Rows of inputs, outputs and test cases: to and from what is stored, and what is wrong with them at the row."""

from typing import Any

import pytest

from clinical_engine.common.errors import Refusal
from observations.admin.workbench.cases import CaseRows
from observations.admin.workbench.inputs import InputRows
from observations.admin.workbench.outputs import OutputRows
from observations.admin.workbench.rows import Rows
from observations.scripts.declarations import declared_inputs, declared_outputs
from observations.scripts.library import LIBRARY, LibraryScript
from observations.scripts.testing import MAX_CASES
from tests.admin.workbench.typed import rows_of, sent_of_rows

PULSE = {"name": "pulse", "what": "measurement", "code": "8867-4", "how": "latest"}
A_DAY = {"window_seconds_0": "1", "window_seconds_1": "days"}
STORED_PULSE = {"code": "8867-4", "how": "latest", "window_seconds": 86_400}


@pytest.mark.parametrize("script", LIBRARY, ids=lambda script: script.name)
def test_what_a_script_of_the_library_declares_is_saved_as_it_was_shown(script: LibraryScript) -> None:
    assert declared_inputs(saved(InputRows, script.inputs)) == declared_inputs(script.inputs)
    assert declared_outputs(saved(OutputRows, script.outputs)) == declared_outputs(script.outputs)
    assert saved(CaseRows, script.test_cases) == script.test_cases


def saved(kind: type[Rows], stored: Any) -> Any:
    """What is saved of rows when nobody changes anything."""
    rows = kind(sent_of_rows(kind(None, stored)), {})
    assert rows.is_valid(), rows.errors
    return rows.stored()


@pytest.mark.parametrize(
    "declared",
    [
        {"code": "8867-4", "how": "latest", "window_seconds": 90, "stale_after_seconds": 60},
        {"code": "8867-4", "how": "latest", "window_seconds": 3_600, "missing": "default", "default": False},
        {"code": "8867-4", "how": "latest", "window_seconds": 3_600, "missing": "default", "default": 0},
        {"code": "8867-4", "how": "latest", "window_seconds": 60, "missing": "default", "default": "A = B"},
        {"code": "44250-9", "how": "all_within", "window_seconds": 7_200, "take": "score", "timed": True},
        {"code": "8480-6", "how": "first_after_activation", "unit": "mm[Hg]", "missing": "none"},
        {"code": "85354-9", "how": "latest", "window_seconds": 60, "fields": {"s": "8480-6", "d": "8462-4"}},
        {"fact": "spo2_scale", "missing": "default", "default": 1},
        {"script": "bmi", "how": "all_within", "window_seconds": 86_400, "output": "score"},
    ],
)
def test_an_input_of_every_sort_is_saved_as_it_was_shown(declared: dict[str, Any]) -> None:
    stored = {"first": declared, "second": STORED_PULSE}
    assert saved(InputRows, stored) == stored
    assert [*saved(InputRows, stored)] == ["first", "second"]


def test_what_is_typed_into_new_rows_becomes_inputs_and_an_empty_row_counts_for_nothing() -> None:
    empty = sent_of_rows(InputRows(None, {}))
    nothing = {name.removeprefix("inputs-0-"): value for name, value in empty.items()}
    fact = {"name": "age", "what": "fact", "fact": "age", "how": "latest", "unit": "/min"}
    rows = InputRows(rows_of("inputs", PULSE | A_DAY, nothing, fact), {})
    assert rows.is_valid(), rows.errors
    assert rows.stored() == {"pulse": STORED_PULSE, "age": {"fact": "age"}}


def test_a_row_that_is_removed_is_not_asked_what_is_wrong_with_it() -> None:
    rows = InputRows(rows_of("inputs", {"name": "not a name", "DELETE": "on"}, PULSE | A_DAY), {})
    assert rows.is_valid(), rows.errors
    assert rows.stored() == {"pulse": STORED_PULSE}


@pytest.mark.parametrize(
    ("typed", "field", "message"),
    [
        ({"name": "_pulse"}, "name", "Up to 60 letters a to z, digits and _, a letter first."),
        ({"code": ""}, "code", "This field is required."),
        ({"what": "fact", "fact": ""}, "fact", "This field is required."),
        ({"what": "script"}, "script", "This field is required."),
        ({"what": "rumour"}, "what", "Select a valid choice. rumour is not one of the available choices."),
        ({"missing": "default", "default": "A"}, "default", "Write a number"),
        ({"missing": "default", "default": "[1]"}, "default", "Write a number, True or False, or a text"),
        ({"window_seconds_0": "0"}, "window_seconds", "greater than or equal to 1"),
        ({"fields_read": "systolic 8480-6"}, "fields_read", "Write a name, = and its value."),
        ({"fields_read": "s = 8480-6\ns = 8462-4"}, "fields_read", "s: It is there twice."),
        ({"fields_read": "s ="}, "fields_read", "s: Write the code of the part."),
    ],
)
def test_what_is_wrong_with_an_input_stands_at_its_row(
    typed: dict[str, str], field: str, message: str
) -> None:
    rows = InputRows(rows_of("inputs", PULSE | A_DAY | {"name": "other"}, PULSE | A_DAY | typed), {})
    assert not rows.is_valid()
    assert rows.errors[0] == {}
    assert message in str(rows.forms[1].errors[field])
    assert [*rows.forms[1].errors] == [field]


def test_two_inputs_of_one_name_are_refused_at_both_rows() -> None:
    rows = InputRows(rows_of("inputs", PULSE, PULSE, PULSE | {"name": "other"}), {})
    assert not rows.is_valid()
    twice = {"name": ["Another row is called the same."]}
    assert rows.errors == [twice, twice, {}]


def test_refusals_of_a_service_stand_at_the_rows_that_they_name() -> None:
    rows = InputRows(rows_of("inputs", {"DELETE": "on"}, PULSE, PULSE | {"name": "bp"}), {})
    assert rows.is_valid()
    left = rows.refuse(
        [
            Refusal("inputs.bp.window_seconds", "x", "Too long."),
            Refusal("inputs.bp.fields", "x", "No such part."),
            Refusal("inputs.pulse", "x", "Is no input."),
            Refusal("inputs", "x", "Too many."),
            Refusal("outputs.pulse.code", "x", "Not ours."),
        ]
    )
    assert [refusal.field for refusal in left] == ["outputs.pulse.code"]
    assert rows.forms[1].non_field_errors() == ["Is no input."]
    assert rows.forms[2].errors == {"window_seconds": ["Too long."], "fields_read": ["No such part."]}
    assert rows.non_form_errors() == ["Too many."]


def test_outputs_of_every_kind_are_saved_as_they_were_shown() -> None:
    stored = {
        "score": {"code": "news2", "unit": "{score}"},
        "risk": {"kind": "coded", "code": "news2-risk", "answers": ["low", "high"]},
        "flag": {"kind": "boolean", "code": "news2-flag"},
        "meaning": {"kind": "interpretation"},
    }
    assert saved(OutputRows, stored) == stored


def test_test_cases_of_every_sort_are_saved_as_they_were_shown() -> None:
    stored = [
        {"name": "voice", "inputs": {"acvpu": "V", "on": True, "spo2": 94.5}, "expected": {"score": 3}},
        {
            "inputs": {"bp": {"systolic": 120, "diastolic": None}},
            "not_computable": "no value for bp.diastolic",
        },
        {"inputs": {"spo2": None, "pulse": []}, "not_computable": True},
        {
            "inputs": {"readings": [{"value": 5.1, "hours": 0}, {"value": 7, "hours": 2}]},
            "expected": {"a": "x"},
        },
    ]
    assert saved(CaseRows, stored) == stored


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        ({"inputs": "spo2 = 94"}, "Say what it expects."),
        (
            {"expected": "score = 3", "because": "no value for spo2"},
            "Expect values, or that it is not computable",
        ),
        ({"inputs": "spo2 = ninety", "expected": "score = 3"}, "spo2: Write a number"),
        ({"inputs": "spo2 = 94", "expected": "score = {"}, "score: Write a number"),
    ],
)
def test_what_is_wrong_with_a_test_case_stands_at_its_row(typed: dict[str, str], message: str) -> None:
    rows = CaseRows(rows_of("test_cases", {"expected": "score = 1"}, typed), [])
    assert not rows.is_valid()
    assert rows.errors[0] == {}
    assert message in str(rows.errors[1])


def test_refusals_of_a_test_case_name_it_by_its_number_among_those_that_stay() -> None:
    rows = CaseRows(rows_of("test_cases", {"DELETE": "on"}, {"expected": "a = 1"}, {"expected": "b = 1"}), [])
    assert rows.is_valid()
    rows.refuse([Refusal("test_cases.2.expected", "x", "It expects each output.")])
    assert rows.forms[1].errors == {}
    assert rows.forms[2].errors == {"expected": ["It expects each output."]}


def test_more_rows_than_a_form_can_hold_are_refused_above_them() -> None:
    rows = CaseRows(rows_of("test_cases", *[{"expected": "a = 1"}] * (MAX_CASES + 1)), [])
    assert not rows.is_valid()
    assert "at most 200" in rows.non_form_errors()[0]
