"""A bad item of a batch is named with its field, and does not touch the others."""

import json
from typing import Any

import pytest

from patients.models import Patient, Statement
from tests.api.bodies import batch, errors, item, outcomes, post
from tests.api.contract import DescribedClient
from tests.factories import Caller

MARK = "MARKED77531"

# what is sent in place of a good item's fields -> the field and the code of the answer
BAD: dict[str, tuple[dict[str, Any], str, str]] = {
    "client_id empty": ({"client_id": ""}, "client_id", "empty"),
    "client_id too long": ({"client_id": "x" * 129}, "client_id", "too_long"),
    "client_id null": ({"client_id": None}, "client_id", "invalid"),
    "external_id empty": ({"external_id": ""}, "external_id", "empty"),
    "external_id too long": ({"external_id": MARK * 12}, "external_id", "too_long"),
    "external_id with NUL": ({"external_id": f"{MARK}\0"}, "external_id", "not_printable"),
    "external_id with a line end": ({"external_id": f"{MARK}\n"}, "external_id", "not_printable"),
    "external_id a number": ({"external_id": 77531}, "external_id", "invalid"),
    "time naive": ({"effective_at": "2026-03-01T00:00:00"}, "effective_at", "time_zone_missing"),
    "time not a time": ({"effective_at": MARK}, "effective_at", "invalid"),
    "time null": ({"effective_at": None}, "effective_at", "invalid"),
    "time of no calendar": ({"effective_at": "2026-02-30T00:00:00Z"}, "effective_at", "invalid"),
    "time before 1900": ({"effective_at": "1899-12-31T23:59:59Z"}, "effective_at", "too_early"),
    "the first time there is": ({"effective_at": "0001-01-01T00:00:00+14:00"}, "effective_at", "too_early"),
    "the last time there is": (
        {"effective_at": "9999-12-31T23:59:59-14:00"},
        "effective_at",
        "in_the_future",
    ),
    "an offset of no place": (
        {"effective_at": "2026-03-01T00:00:00+23:59"},
        "effective_at",
        "no_such_offset",
    ),
    "unknown field": ({"submitter": MARK}, "submitter", "invalid"),
}


def send_between_good_ones(api: DescribedClient, caller: Caller, bad: str) -> Any:
    good = [json.dumps(item(f"good-{number}")) for number in (1, 2)]
    frame = json.dumps(batch(caller))
    return post(
        api,
        "activations/batch",
        frame.replace("[]", f"[{good[0]}, {bad}, {good[1]}]").encode(errors="surrogateescape"),
    )


def assert_only_the_second_is_refused(answer: Any, field: str, code: str) -> None:
    assert answer.status_code == 422, answer.content
    assert outcomes(answer) == ["accepted", "refused", "accepted"]
    assert errors(answer) == [(1, field, code)]
    result = answer.json()["results"][1]
    assert (result["statement"], result["patient"], result["job"]) == (None, None, None)
    assert set(Statement.objects.values_list("client_id", flat=True)) == {"good-1", "good-2"}
    assert MARK not in answer.content.decode()
    assert "77531" not in answer.content.decode()


@pytest.mark.parametrize(("fields", "field", "code"), BAD.values(), ids=BAD)
def test_a_bad_item_is_named_with_its_field_and_the_others_are_stored(
    api: DescribedClient, caller: Caller, fields: dict[str, Any], field: str, code: str
) -> None:
    bad = json.dumps(item("bad", "p-bad") | fields)
    assert_only_the_second_is_refused(send_between_good_ones(api, caller, bad), field, code)


@pytest.mark.parametrize("field", ["client_id", "external_id", "effective_at"])
def test_a_missing_field_is_named(api: DescribedClient, caller: Caller, field: str) -> None:
    bad = item("bad", "p-bad")
    del bad[field]
    answer = send_between_good_ones(api, caller, json.dumps(bad))
    assert_only_the_second_is_refused(answer, field, "missing")


@pytest.mark.parametrize("bad", ["7", "null", f'"{MARK}"', "[]", "true", "NaN"])
def test_an_item_that_is_no_record_is_named(api: DescribedClient, caller: Caller, bad: str) -> None:
    assert_only_the_second_is_refused(send_between_good_ones(api, caller, bad), "item", "invalid")


@pytest.mark.parametrize("text", ["\\ud800", "\udcff"], ids=["half a pair", "no UTF-8"])
def test_what_is_no_text_is_named_with_its_field(api: DescribedClient, caller: Caller, text: str) -> None:
    bad = json.dumps(item("bad", "TEXT")).replace("TEXT", text)
    answer = send_between_good_ones(api, caller, bad)
    assert_only_the_second_is_refused(answer, "external_id", "not_text")
    assert answer.json()["results"][1]["client_id"] == "bad"


def test_a_batch_of_bad_items_alone_stores_nothing(api: DescribedClient, caller: Caller) -> None:
    answer = post(api, "activations/batch", batch(caller, item(external_id=""), {}))
    assert outcomes(answer) == ["refused", "refused"]
    assert not Patient.objects.exists()
