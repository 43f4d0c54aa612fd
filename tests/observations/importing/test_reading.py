"""What lines of files become: each line its own answer, whatever it holds."""

import json
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from clinical_engine.common.lines import LineForm
from observations.models import Code, ImportProblem, Measurement, ValueKind
from submitters.models import Organisation
from tests import factories
from tests.api.bodies import post
from tests.factories import Caller
from tests.observations.importing.support import (
    TIME,
    counts,
    csv,
    finished,
    item,
    ndjson,
    problems,
    received,
    row,
    stored,
)


@pytest.fixture
def clinic(db: None) -> Organisation:
    return factories.organisation()


def imported_csv(clinic: Organisation, *rows: str, **options: Any) -> list[tuple[int, str, str]]:
    """The problems of a CSV that was imported."""
    return problems(finished(received(clinic, csv(*rows, **options), LineForm.CSV)))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("100", "100"),
        ("7.50", "7.50"),
        ("-0.5", "-0.5"),
        ("0.5", "0.5"),
        ("-0", "0"),
        ("1e2", "1E+2"),
    ],
)
def test_a_number_in_a_csv_is_stored_with_its_digits(clinic: Organisation, text: str, value: str) -> None:
    assert imported_csv(clinic, row("m-1", text)) == []
    assert str(Measurement.objects.get().value_quantity) == str(Decimal(value) if "E" not in value else 100)


@pytest.mark.parametrize(
    "text", ["abc", "7 5", '"7,5"', "1_000", "NaN", "Infinity", "0x10", "٣", "1e99999999999999999999", " 5"]
)
def test_what_is_no_number_is_refused_in_a_csv(clinic: Organisation, text: str) -> None:
    assert imported_csv(clinic, row("m-1", text), row("m-2")) == [(2, "value", "not_a_number")]
    assert stored() == ["m-2"]


@pytest.mark.parametrize("text", ["+104", "0104", "-007", ".5", "5.", "-.5", "1.e2", "1e", "--5", "."])
def test_what_json_takes_for_no_number_is_none_in_a_csv_either(clinic: Organisation, text: str) -> None:
    assert imported_csv(clinic, row("m-1", text), row("m-2")) == [(2, "value", "not_a_number")]
    assert "a point, digits on both sides of it, no plus" in ImportProblem.objects.get().message


@pytest.mark.parametrize(
    "text", ["1e999999999999999999999", "1e400", "NaN", "null", '[["a"]]', "[" * 1500 + "]" * 1500]
)
@pytest.mark.parametrize("code", ["2339-0", "patient-note", "85354-9"])
def test_a_line_gets_the_answer_of_the_api(api: Client, caller: Caller, text: str, code: str) -> None:
    line = json.dumps(item("m-1", code=code, value="VALUE")).replace('"VALUE"', text)
    body = {"organisation": str(caller.organisation.id), "measurements": ["LINE"]}
    answer = post(api, "measurements", json.dumps(body).replace('"LINE"', line)).json()
    received_ = received(caller.organisation, ndjson(line.encode()))
    assert problems(finished(received_)) == [(1, each["field"], each["code"]) for each in answer["errors"]]
    told = ImportProblem.objects.order_by("number").values_list("client_id", "message")
    assert list(told) == [("m-1", each["message"]) for each in answer["errors"]]


def test_a_number_beyond_all_measure_is_told_the_same_as_over_the_api(api: Client, caller: Caller) -> None:
    number = "1e999999999999999999999"
    sent = json.dumps({"organisation": str(caller.organisation.id), "measurements": [item("m-1", value="V")]})
    [error] = post(api, "measurements", sent.replace('"V"', number)).json()["errors"]
    imported_csv(caller.organisation, row("m-1", number))
    told = ImportProblem.objects.get()
    assert (told.field, told.code, told.message) == (error["field"], error["code"], error["message"])


def test_a_time_that_is_none_is_told_as_over_the_api(clinic: Organisation) -> None:
    assert imported_csv(clinic, row("m-1", measured_at="2026-11-01 08:00")) == [(2, "measured_at", "invalid")]
    assert ImportProblem.objects.get().message == "Must be a time such as 2026-01-31T08:00:00+01:00."


def test_each_kind_of_value_is_read_as_the_catalogue_has_it(clinic: Organisation) -> None:
    header = "measured_at,code,client_id,external_id,value,unit,components"
    parts = [
        {"code": "8480-6", "value": 120, "unit": "mm[Hg]"},
        {"code": "8462-4", "value": 80, "unit": "mm[Hg]"},
    ]
    panel = json.dumps(parts).replace('"', '""')
    assert (
        imported_csv(
            clinic,
            f"{TIME},2339-0,quantity,p-1,5.5,mmol/L,",
            f'{TIME},patient-note,text,p-1,"He said ""no"", twice",,',
            f'{TIME},85354-9,panel,p-1,,,"{panel}"',
            header=header,
        )
        == []
    )
    found = {each.client_id: each for each in Measurement.objects.all()}
    assert (found["quantity"].value_quantity, found["quantity"].unit) == (Decimal("5.5"), "mmol/L")
    assert found["text"].value_text == 'He said "no", twice'
    assert set(found["panel"].components or ()) == {"8480-6", "8462-4"}


def test_yes_and_no_may_be_written_as_spreadsheets_do(clinic: Organisation, a_boolean: str) -> None:
    lines = [
        row(f"m-{text}", text, code=a_boolean, unit="") for text in ("true", "FALSE", "True", "yes", "1")
    ]
    assert imported_csv(clinic, *lines) == [(5, "value", "not_boolean"), (6, "value", "not_boolean")]
    assert stored() == ["m-FALSE", "m-True", "m-true"]


@pytest.fixture
def a_boolean(db: None) -> str:
    """A code whose value is yes or no."""
    return str(Code.objects.filter(value_kind=ValueKind.BOOLEAN, is_computed=False)[0].code)


@pytest.mark.parametrize(
    ("line", "field", "code"),
    [
        (row("", 100), "client_id", "missing"),
        (row("m-1", measured_at=""), "measured_at", "missing"),
        (row("m-1", measured_at="2026-03-10"), "measured_at", "invalid"),
        (row("m-1", measured_at="2026-03-10T13:00:00"), "measured_at", "time_zone_missing"),
        (row("m-1", measured_at="1880-03-10T13:00:00Z"), "measured_at", "too_early"),
        (row("m-1", ""), "value", "missing"),
        (row("m-1", code="99999-9"), "code", "unknown_code"),
        (row("m-1", unit="kg"), "unit", "wrong_dimension"),
        (row("m-1", unit=""), "unit", "unit_missing"),
        (row(" m-1"), "client_id", "not_printable"),
        ("m-1,p-1", "line", "not_csv"),
        (row("m-1") + ",more", "line", "not_csv"),
        ('m-1,p-1,2339-0,"1"00,mg/dL,' + TIME, "line", "not_csv"),
    ],
)
def test_a_line_that_cannot_be_taken_is_refused_with_field_and_reason(
    clinic: Organisation, line: str, field: str, code: str
) -> None:
    assert imported_csv(clinic, line, row("good")) == [(2, field, code)]
    assert stored() == ["good"]


_INSIDE = "A quote stands in the middle of a value: put the value in quotes, and double every quote in it."
_WITHOUT_END = "The quote at the beginning of a value has none that ends the value on the same line."
_NUMBER = "Must be 6 values with commas between, none of them over a line's end."


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (row('a"b'), _INSIDE),
        (row('"a"b'), _INSIDE),
        (row("m-1", external_id='the ""last"" one'), _INSIDE),
        (row('"m-1'), _WITHOUT_END),
        (row("m-1", measured_at='"' + TIME), _WITHOUT_END),
        ("m-1,p-1", _NUMBER),
        ('"m-1","p-1"', _NUMBER),
        (row("m\r1"), _NUMBER),
    ],
)
def test_a_quote_out_of_place_is_told_as_that_and_not_as_a_wrong_number_of_values(
    clinic: Organisation, line: str, message: str
) -> None:
    assert imported_csv(clinic, line) == [(2, "line", "not_csv")]
    assert ImportProblem.objects.get().message == message


@pytest.mark.parametrize("components", ['[], "replaces": "m-0"', "{}", "[1", "null", "[" * 3000])
def test_components_that_are_no_list_never_reach_other_fields(clinic: Organisation, components: str) -> None:
    quoted = components.replace('"', '""')
    line = f'm-1,p-1,85354-9,{TIME},"{quoted}"'
    found = imported_csv(clinic, line, header="client_id,external_id,code,measured_at,components")
    assert found == [(2, "components", "not_json")]


@pytest.mark.parametrize(
    ("line", "field", "code"),
    [
        (b"{", "line", "invalid"),
        (b"[]", "line", "invalid"),
        (ndjson(item("m-1")).strip() + b" {}", "line", "invalid"),
        (b"\xff", "line", "not_text"),
        (b'{"a\x00": 1}', "line", "not_text"),
        (b'{"client_id": "m-1", "a\\u0000": 1}', "line", "invalid"),
        (b"[" * 60_000, "line", "invalid"),
        (ndjson(item("m-1", value=None)).strip(), "value", "missing"),
        (ndjson(item("m-1", value="100")).strip(), "value", "not_a_number"),
        (ndjson(item("m-1") | {"external_id": 5}).strip(), "external_id", "invalid"),
        (ndjson(item("m-1", replaces="m-1")).strip(), "replaces", "replaces_itself"),
        (ndjson(item("m\x00")).strip(), "client_id", "not_printable"),
        (ndjson(item("m-1", value=1e308)).strip(), "value", "too_large"),
        (ndjson(item("m-1", value=100, components=[])).strip(), "value", "value_and_components"),
    ],
)
def test_a_line_of_ndjson_that_cannot_be_taken_touches_no_other(
    clinic: Organisation, line: bytes, field: str, code: str
) -> None:
    file = finished(received(clinic, ndjson(line, item("good"))))
    assert problems(file)[0] == (1, field, code)
    assert counts(file) == {"held": 1, "refused": 1}
    assert stored() == ["good"]


def test_texts_come_through_as_they_are(clinic: Organisation) -> None:
    note = 'tab\t, back\\slash \\N \\. and "quotes"\nand a line'
    fields: dict[str, Any] = {"code": "patient-note", "unit": None, "value": note}
    assert problems(finished(received(clinic, ndjson(item("m\\t-1", **fields))))) == []
    assert (Measurement.objects.get().value_text, stored()) == (note, ["m\\t-1"])


def test_lines_may_end_as_on_windows_and_begin_with_a_byte_order_mark(clinic: Organisation) -> None:
    body = b"\xef\xbb\xbf" + csv(row("m-1"), "", row("m-2"), "  ").replace(b"\n", b"\r\n").removesuffix(
        b"\r\n"
    )
    file = finished(received(clinic, body, LineForm.CSV))
    assert (problems(file), file.lines, file.last_line, stored()) == ([], 2, 4, ["m-1", "m-2"])
