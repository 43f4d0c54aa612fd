"""Bodies as they should not be, and readings from far away in time and from strangers: an answer for each, nothing lost."""

import gzip
import json
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from observations.models import Measurement
from patients.models import Patient
from tests.api.bodies import (
    at,
    batch,
    errors,
    fact,
    facts,
    item,
    outcomes,
    post,
    reading,
    readings,
    statement,
)
from tests.api.contract import DescribedClient
from tests.api.stored import publish_mean_of, results, shown
from tests.factories import NOON, Caller, days
from tests.observations.fhir.bodies import bundle, observation, send, statuses

MARK = "MARKED77531"


def test_one_bad_reading_among_a_thousand_leaves_999_stored(api: DescribedClient, caller: Caller) -> None:
    items = [reading(f"m-{number}") for number in range(1000)]
    items[617] = reading("m-617", unit="kg")
    answer = post(api, "measurements", readings(caller, *items))
    assert answer.status_code == 422
    assert errors(answer) == [(617, "unit", "wrong_dimension")]
    assert Measurement.objects.count() == 999
    corrected = post(api, "measurements", readings(caller, reading("m-617"), *items[:2]))
    assert outcomes(corrected) == ["held", "duplicate", "duplicate"]


@pytest.mark.parametrize(
    "field", ["client_id", "external_id", "code", "unit", "value", "replaces", "measured_at"]
)
def test_a_text_of_a_million_characters_refuses_its_reading_only(
    api: DescribedClient, caller: Caller, field: str
) -> None:
    bad = reading("bad") | {field: MARK[0] * 1_000_000}
    answer = post(api, "measurements", readings(caller, reading("good"), bad))
    assert outcomes(answer) == ["held", "refused"]
    [(item, named, _)] = errors(answer)
    assert (item, named) == (1, field)
    assert Measurement.objects.get().client_id == "good"


def test_a_client_id_that_is_far_too_long_is_given_back_once_and_no_other_text_is(
    api: DescribedClient, caller: Caller
) -> None:
    bad = reading("bad", external_id=MARK * 1000, code=MARK * 1000, unit=MARK * 1000, value=MARK * 1000)
    answer = post(api, "measurements", readings(caller, bad))
    assert MARK not in answer.content.decode()


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b'{"organisation": "019a2b3c-4d5e-7f60-8a9b-0c1d2e3f4a5b", "measurements": [{"client_id": "m-1"',
        b"\xff\xfe{}",
        b"[" * 1_000_000,
        b'{"a":' * 300_000,
        b'"' + b"\\" * 1_000_000,
        b"7" * 1_000_000,
        gzip.compress(b" " * 1000),
    ],
    ids=["brace", "cut off", "UTF-16", "lists", "records", "escapes", "digits", "gzip unsaid"],
)
def test_what_is_no_json_is_refused_as_a_whole(api: DescribedClient, body: bytes) -> None:
    answer = post(api, "measurements", body)
    assert answer.status_code in {400, 422}
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert not Measurement.objects.exists()


DEEP = "[" * 1_500 + "]" * 1_500


@pytest.mark.parametrize(
    "deep", [DEEP, '{"a":' * 1_500 + "7" + "}" * 1_500, f'["[", {DEEP}]', f"[NaN, {DEEP}]"]
)
def test_what_is_nested_too_deeply_refuses_its_item_only(
    api: DescribedClient, caller: Caller, deep: str
) -> None:
    sent = [
        ("measurements", readings(caller, reading("m-1"), reading("m-2", value="DEEP"), reading("m-3"))),
        ("activations/batch", batch(caller, item("s-1"), item("s-2", "DEEP"), item("s-3", "p-3"))),
        ("facts", facts(caller, fact("f-1"), fact("f-2", value="DEEP"), fact("f-3", external_id="p-3"))),
    ]
    fields = ["value", "external_id", "value"]
    for (path, body), field in zip(sent, fields, strict=True):
        answer = post(api, path, json.dumps(body).replace('"DEEP"', deep))
        assert [outcome == "refused" for outcome in outcomes(answer)] == [False, True, False]
        assert [(position, name) for position, name, _ in errors(answer)] == [(1, field)]
        assert answer.json()["errors"][0]["client_id"].endswith("-2")


def test_a_bundle_with_an_entry_that_is_nested_too_deeply_stores_the_others(caller: Caller) -> None:
    client = Client(headers={"Authorization": f"Bearer {caller.key}"})
    body = bundle(observation(caller, "m-1"), observation(caller, "m-2", valueString="DEEP"))
    answer = send(client, json.dumps(body).replace('"DEEP"', DEEP))
    assert statuses(answer) == ["201 Created", "422 Unprocessable Entity"]


@pytest.mark.parametrize(
    "body",
    [b"[" * 100_000, b'[{"a":' * 100_000, DEEP[:-1].encode(), b"[" + b"[]," * 500_000 + DEEP.encode() + b"]"],
    ids=["never closed", "records never closed", "not closed", "more lists than a request has"],
)
def test_what_is_nested_deeply_and_cannot_be_repaired_is_refused_as_a_whole(
    api: DescribedClient, body: bytes
) -> None:
    answer = post(api, "measurements", b'{"measurements": ' + body + b"}")
    assert (answer.status_code, answer.json()["type"].split(":")[-1]) == (400, "parse-error")


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "gzip, gzip"])
def test_a_compressed_body_is_refused_unread_and_clearly(
    api: DescribedClient, caller: Caller, coding: str
) -> None:
    # A bomb: a gigabyte if anybody unpacked it.
    packed = gzip.compress(gzip.compress(b" " * 2**20) * 1000)
    answer = api.post(
        "/api/v1/measurements",
        packed,
        content_type="application/json",
        headers={"Content-Encoding": coding},
    )
    assert answer.status_code == 422
    assert [(error["field"], error["code"]) for error in answer.json()["errors"]] == [("body", "compressed")]


@pytest.mark.parametrize("coding", ["identity", "Identity", "", " "])
def test_a_body_that_says_it_is_not_compressed_is_taken(
    api: DescribedClient, caller: Caller, coding: str
) -> None:
    answer = api.post(
        "/api/v1/measurements",
        json.dumps(readings(caller, reading())),
        content_type="application/json",
        headers={"Content-Encoding": coding},
    )
    assert outcomes(answer) == ["held"]


def test_readings_years_old_are_accepted_and_computed(
    api: DescribedClient, caller: Caller, work: Callable[[], int]
) -> None:
    publish_mean_of("2339-0")
    post(api, "activations", statement(caller, effective_at="1999-01-01T00:00:00Z"))
    work()
    years = ["1999-12-31T23:30:00-05:00", "2008-02-29T12:00:00+01:00", "2016-07-01T00:00:00Z"]
    items = [reading(year, value=100 + n, measured_at=year) for n, year in enumerate(years)]
    assert outcomes(post(api, "measurements", readings(caller, *items))) == ["accepted"] * 3
    work()
    assert results() == [{"a": 100}, {"a": 101}, {"a": 102}]
    assert shown(api)[years[0]]["measured_at"] == years[0]


def test_a_clock_that_is_up_to_ten_minutes_fast_is_forgiven_and_its_readings_count(
    api: DescribedClient, caller: Caller, work: Callable[[], int]
) -> None:
    publish_mean_of("2339-0")
    post(api, "activations", statement(caller))
    now = timezone.now()
    skews = {
        "m-9": timedelta(minutes=9, seconds=55),
        "m-11": timedelta(minutes=10, seconds=30),
        "y": days(365),
    }
    items = [reading(name, measured_at=at(now + skew)) for name, skew in skews.items()]
    answer = post(api, "measurements", readings(caller, *items))
    assert outcomes(answer) == ["held", "refused", "refused"]
    assert errors(answer) == [(1, "measured_at", "in_the_future"), (2, "measured_at", "in_the_future")]
    work()
    assert shown(api)["m-9"]["status"] == "counted"
    assert results() == [{"a": 100}]


def test_the_same_external_id_in_two_organisations_is_two_patients_who_never_meet(
    api: DescribedClient,
    caller: Caller,
    other_api: DescribedClient,
    other_caller: Caller,
    work: Callable[[], int],
) -> None:
    publish_mean_of("2339-0")
    for client, of, value in ((api, caller, 1), (other_api, other_caller, 3)):
        post(client, "activations", statement(of))
        assert outcomes(post(client, "measurements", readings(of, reading(value=value)))) == ["held"]
    work()
    assert sorted(results(), key=str) == [{"a": 1}, {"a": 3}]
    for organisation, stranger, own in (
        (caller.organisation, other_api, api),
        (other_caller.organisation, api, other_api),
    ):
        patient = str(Patient.objects.get(organisation=organisation).id)
        for path in ("measurements", "observations"):
            assert stranger.get(f"/api/v1/{path}", {"patient": patient}).json()["results"] == []
            assert len(own.get(f"/api/v1/{path}", {"patient": patient}).json()["results"]) == 1


def test_nobody_sends_readings_into_an_organisation_that_is_not_theirs(
    caller: Caller, other_api: DescribedClient
) -> None:
    answer = post(other_api, "measurements", readings(caller, reading()))
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["code"] == "unknown_organisation"
    assert not Measurement.objects.exists()
    assert not Patient.objects.filter(external_id="p-1").exists()


def test_a_correction_sent_years_later_still_takes_back_what_it_names(
    api: DescribedClient, caller: Caller, work: Callable[[], int]
) -> None:
    publish_mean_of("2339-0")
    post(api, "activations", statement(caller, effective_at="1999-01-01T00:00:00Z"))
    early = at(NOON - days(4000))
    post(api, "measurements", readings(caller, reading("m-1", measured_at=early)))
    work()
    post(api, "measurements", readings(caller, reading("m-2", value=7, replaces="m-1", measured_at=early)))
    work()
    assert results() == [{"a": 7}]
