"""A reading that cannot be accepted: it is named with its field, and the others of the request are stored."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from observations.models import Measurement
from patients.models import Patient
from tests import factories
from tests.api.bodies import post, reading, readings
from tests.api.contract import DescribedClient
from tests.factories import Caller

MARK = "MARKED77531"
BOOLEAN = {"code": "meal-typical", "unit": None}

# what is sent in place of a good reading's fields -> the field and the code of the answer
BAD: dict[str, tuple[dict[str, Any], str, str]] = {
    "unknown code": ({"code": MARK}, "code", "unknown_code"),
    "code with half a meaning": ({"code": "2339"}, "code", "unknown_code"),
    "code null": ({"code": None}, "code", "invalid"),
    "code of a computed value": ({"code": "glucose-7d"}, "code", "unknown_code"),
    "no unit of UCUM": ({"unit": MARK}, "unit", "unknown_unit"),
    "unit of another dimension": ({"unit": "mm[Hg]"}, "unit", "wrong_dimension"),
    "unit that the catalogue does not have": ({"unit": "g/L"}, "unit", "wrong_unit"),
    "unit by another case": ({"unit": "mg/dl"}, "unit", "wrong_unit"),
    "second unit by another case": ({"unit": "mmol/l"}, "unit", "wrong_unit"),
    "number beyond all when it is converted": (
        {"value": 56_000_000_000_000, "unit": "mmol/L"},
        "value",
        "too_large",
    ),
    "unit too long": ({"unit": MARK * 100_000}, "unit", "unknown_unit"),
    "unit empty": ({"unit": ""}, "unit", "unit_missing"),
    "unit null": ({"unit": None}, "unit", "unit_missing"),
    "unit a number": ({"unit": 7}, "unit", "invalid"),
    "number as text": ({"value": MARK}, "value", "not_a_number"),
    "value null": ({"value": None}, "value", "not_a_number"),
    "value a list": ({"value": [MARK]}, "value", "not_a_number"),
    "value a record": ({"value": {MARK: 1}}, "value", "not_a_number"),
    "boolean for a quantity": ({"value": True}, "value", "not_a_number"),
    "number for a boolean": ({**BOOLEAN, "value": 1}, "value", "not_boolean"),
    "unit for a boolean": ({"code": "meal-typical", "value": True}, "unit", "unit_not_allowed"),
    "time naive": ({"measured_at": "2026-03-10T12:00:00"}, "measured_at", "time_zone_missing"),
    "time not a time": ({"measured_at": MARK}, "measured_at", "invalid"),
    "time a date": ({"measured_at": "2026-03-10"}, "measured_at", "invalid"),
    "time of no calendar": ({"measured_at": "2026-02-30T12:00:00Z"}, "measured_at", "invalid"),
    "time a number": ({"measured_at": 77531}, "measured_at", "invalid"),
    "time null": ({"measured_at": None}, "measured_at", "invalid"),
    "time in 1880": ({"measured_at": "1880-03-10T12:00:00Z"}, "measured_at", "too_early"),
    "the first time there is": ({"measured_at": "0001-01-01T00:00:00+14:00"}, "measured_at", "too_early"),
    "the last time there is": (
        {"measured_at": "9999-12-31T23:59:59-14:00"},
        "measured_at",
        "in_the_future",
    ),
    "an offset that no place has": (
        {"measured_at": "2026-03-10T12:00:00+23:59"},
        "measured_at",
        "no_such_offset",
    ),
    "external_id empty": ({"external_id": ""}, "external_id", "empty"),
    "external_id too long": ({"external_id": MARK * 12}, "external_id", "too_long"),
    "external_id with a line end": ({"external_id": f"{MARK}\n"}, "external_id", "not_printable"),
    "external_id with NUL": ({"external_id": f"{MARK}\0"}, "external_id", "not_printable"),
    "external_id with a direction override": (
        {"external_id": f"{MARK}\u202e"},
        "external_id",
        "not_printable",
    ),
    "external_id a number": ({"external_id": 77531}, "external_id", "invalid"),
    "client_id empty": ({"client_id": ""}, "client_id", "empty"),
    "client_id too long": ({"client_id": "x" * 129}, "client_id", "too_long"),
    "client_id with NUL": ({"client_id": "m\0"}, "client_id", "not_printable"),
    "client_id null": ({"client_id": None}, "client_id", "invalid"),
    "unknown field": ({"comment": MARK}, "comment", "invalid"),
}

# what stands in the body in place of a good reading's value, as text that json.dumps would not write
BAD_NUMBERS = {
    "NaN": "not_a_number",
    "Infinity": "not_a_number",
    "-Infinity": "not_a_number",
    "1e308": "too_large",
    "1e400": "too_large",
    "-1e400": "too_large",
    "1e1000000": "too_large",
    "1e999999999999999999999": "not_a_number",
    "1000000000000000": "too_large",
    # As a double, which scripts read, it is 10^15.
    "999999999999999.9999": "too_large",
    "-999999999999999.9375": "too_large",
    "0e1000000": "too_many_digits",
    "1e-1000000": "too_many_digits",
    "0.0000000000000000000000000000001": "too_many_digits",
    "1.2345678901234567890123456789012": "too_many_digits",
    "9" * 5000: "too_large",
    '"7"': "not_a_number",
    "[[[[1]]]]": "not_a_number",
}


def send_between_good_ones(api: DescribedClient, caller: Caller, bad: str) -> Any:
    good = [json.dumps(reading(f"good-{number}")) for number in (1, 2)]
    frame = json.dumps(readings(caller))
    return post(api, "measurements", frame.replace("[]", f"[{good[0]}, {bad}, {good[1]}]"))


def assert_only_the_second_is_refused(answer: Any, *expected: tuple[str, str]) -> None:
    assert answer.status_code == 422, answer.content
    body = answer.json()
    assert [result["outcome"] for result in body["results"]] == ["held", "refused", "held"]
    assert body["results"][1]["measurement"] is None
    assert [(error["item"], error["field"], error["code"]) for error in body["errors"]] == [
        (1, field, code) for field, code in expected
    ]
    assert [(e["field"], e["code"]) for e in body["results"][1]["errors"]] == list(expected)
    assert set(Measurement.objects.values_list("client_id", flat=True)) == {"good-1", "good-2"}
    assert set(Patient.objects.values_list("external_id", flat=True)) == {"p-1"}
    # The client's own id is there for it to find the item; nothing else of what was sent is.
    assert MARK not in answer.content.decode()
    assert "77531" not in answer.content.decode()


@pytest.mark.parametrize(("fields", "field", "code"), BAD.values(), ids=BAD)
def test_a_bad_reading_is_named_with_its_field_and_the_others_are_stored(
    api: DescribedClient, caller: Caller, fields: dict[str, Any], field: str, code: str
) -> None:
    bad = json.dumps(reading("bad") | fields)
    assert_only_the_second_is_refused(send_between_good_ones(api, caller, bad), (field, code))


@pytest.mark.parametrize(("number", "code"), BAD_NUMBERS.items(), ids=[name[:20] for name in BAD_NUMBERS])
def test_a_number_that_no_script_could_use_is_refused(
    api: DescribedClient, caller: Caller, number: str, code: str
) -> None:
    bad = json.dumps(reading("bad", value="VALUE")).replace('"VALUE"', number)
    answer = send_between_good_ones(api, caller, bad)
    assert_only_the_second_is_refused(answer, ("value", code))
    assert answer.json()["errors"][0]["client_id"] == "bad"


@pytest.mark.parametrize("field", ["client_id", "external_id", "code", "unit", "measured_at"])
def test_a_nan_where_a_text_belongs_is_no_text(api: DescribedClient, caller: Caller, field: str) -> None:
    bad = json.dumps(reading("bad") | {field: "VALUE"}).replace('"VALUE"', "NaN")
    assert_only_the_second_is_refused(send_between_good_ones(api, caller, bad), (field, "invalid"))


@pytest.mark.parametrize("field", ["client_id", "external_id", "code", "value", "measured_at"])
def test_a_missing_field_is_named(api: DescribedClient, caller: Caller, field: str) -> None:
    bad = reading("bad")
    del bad[field]
    assert_only_the_second_is_refused(
        send_between_good_ones(api, caller, json.dumps(bad)), (field, "missing")
    )


@pytest.mark.parametrize("item", ["7", "null", f'"{MARK}"', "[]", "true", "NaN"])
def test_an_item_that_is_no_record_is_named(api: DescribedClient, caller: Caller, item: str) -> None:
    assert_only_the_second_is_refused(send_between_good_ones(api, caller, item), ("item", "invalid"))


@pytest.mark.parametrize(
    ("field", "code"),
    [
        *((field, "not_text") for field in ("client_id", "external_id", "code", "unit")),
        ("measured_at", "invalid"),
        ("value", "not_text"),
    ],
)
@pytest.mark.parametrize(
    "text", ["\\ud800", "\\udc00\\ud800", "\udcff"], ids=["half a pair", "a pair reversed", "no UTF-8"]
)
def test_what_is_no_text_is_named_with_its_field(
    api: DescribedClient, caller: Caller, field: str, code: str, text: str
) -> None:
    bad = json.dumps(reading("bad") | {field: "TEXT"}).replace("TEXT", text)
    good = [json.dumps(reading(f"good-{number}")) for number in (1, 2)]
    frame = json.dumps(readings(caller)).replace("[]", f"[{good[0]}, {bad}, {good[1]}]")
    answer = post(api, "measurements", frame.encode(errors="surrogateescape"))
    assert_only_the_second_is_refused(answer, (field, code))
    assert answer.json()["results"][1]["client_id"] == (None if field == "client_id" else "bad")


def test_every_fault_of_a_reading_is_named_at_once(api: DescribedClient, caller: Caller) -> None:
    bad = reading("bad", external_id="", unit="g", value=1e20, measured_at="1880-01-01T00:00:00Z")
    assert_only_the_second_is_refused(
        send_between_good_ones(api, caller, json.dumps(bad)),
        ("external_id", "empty"),
        ("measured_at", "too_early"),
        ("value", "too_large"),
        ("unit", "wrong_dimension"),
    )


def test_nine_minutes_in_the_future_is_accepted_and_eleven_is_not(
    api: DescribedClient, caller: Caller
) -> None:
    now = timezone.now()
    items = [
        reading(f"m-{minutes}", measured_at=(now + timedelta(minutes=minutes)).isoformat())
        for minutes in (9, 11)
    ]
    answer = post(api, "measurements", readings(caller, *items))
    assert [result["outcome"] for result in answer.json()["results"]] == ["held", "refused"]
    assert answer.json()["errors"][0]["code"] == "in_the_future"


WHOLE: dict[str, tuple[Any, int, str]] = {
    "no body": (b"", 422, "body"),
    "cut off": (b'{"organisation": ', 400, ""),
    "no UTF-8": (b"\xff\xfe\x00", 400, ""),
    "nested for ever": (b'{"measurements": [' + b"[" * 100_000 + b"]" * 100_000 + b"]}", 422, "organisation"),
    "nested and never closed": (b'{"measurements": [' + b"[" * 100_000 + b"]}", 400, ""),
    "a list": ([], 422, "body"),
    "a text": (f'"{MARK}"', 422, "body"),
    "no organisation": ({"measurements": [{}]}, 422, "organisation"),
    "organisation no UUID": ({"organisation": MARK, "measurements": [{}]}, 422, "organisation"),
    "no measurements": ({"organisation": "ORGANISATION"}, 422, "measurements"),
    "measurements null": ({"organisation": "ORGANISATION", "measurements": None}, 422, "measurements"),
    "measurements a record": ({"organisation": "ORGANISATION", "measurements": {}}, 422, "measurements"),
    "no reading": ({"organisation": "ORGANISATION", "measurements": []}, 422, "measurements"),
    "1,001 readings": ({"organisation": "ORGANISATION", "measurements": [{}] * 1001}, 422, "measurements"),
    "unknown field": ({"organisation": "ORGANISATION", "measurements": [{}], "note": MARK}, 422, "note"),
    "3 MB": ({"organisation": "ORGANISATION", "measurements": [{"note": MARK * 300_000}]}, 413, ""),
}


@pytest.mark.parametrize(("body", "status", "field"), WHOLE.values(), ids=WHOLE)
def test_a_request_that_cannot_be_read_is_refused_as_a_whole(
    api: DescribedClient, caller: Caller, body: Any, status: int, field: str
) -> None:
    text = body if isinstance(body, bytes | str) else json.dumps(body)
    if isinstance(text, str):
        text = text.replace("ORGANISATION", str(caller.organisation.id))
    answer = post(api, "measurements", text)
    assert answer.status_code == status
    assert [error["field"] for error in answer.json().get("errors", [])] == [field][: bool(field)]
    assert MARK not in answer.content.decode()
    assert not Measurement.objects.exists()


def test_an_organisation_of_somebody_else_is_as_unknown_as_none(api: DescribedClient, caller: Caller) -> None:
    answers = [
        post(api, "measurements", readings(caller, reading()) | {"organisation": str(identifier)})
        for identifier in (factories.organisation().id, "0190a0a0-0000-7000-8000-000000000000")
    ]
    assert [answer.status_code for answer in answers] == [422, 422]
    assert answers[0].json() == answers[1].json()
    assert answers[0].json()["errors"][0]["code"] == "unknown_organisation"
    assert not Patient.objects.exists()


def test_a_form_is_no_json(api: DescribedClient) -> None:
    assert api.post("/api/v1/measurements", {"a": "b"}).status_code == 415
