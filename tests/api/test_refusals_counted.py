"""What was refused is counted by client, code, field and reason, and nothing of what was sent is kept in the counts."""

import json
from collections import Counter
from threading import Barrier
from typing import Any

import pytest
from django.test import Client

from clinical_engine.common.database import fetch_all
from clinical_engine.common.lines import LineForm
from observations.models import Measurement, RefusalCount
from submitters.models import ApiClient
from submitters.services import create_api_client
from tests.api.bodies import outcomes, post, reading, readings
from tests.api.contract import DescribedClient
from tests.factories import Caller
from tests.observations.fhir.bodies import bundle, concept, observation, quantity, send
from tests.observations.importing.support import csv, finished, ndjson, received, row
from tests.patients.concurrency import Threads

NAME = "Zaphrasia"
CSV = LineForm.CSV


def counts() -> dict[tuple[str, str, str], int]:
    """How often, by code, field and reason."""
    return {(row.code, row.field, row.reason): row.number for row in RefusalCount.objects.all()}


def wrong(client_id: str = "w", **fields: Any) -> dict[str, Any]:
    return reading(client_id, **fields)


def test_every_reason_of_every_refused_reading_is_counted_for_its_client(
    api: DescribedClient, caller: Caller
) -> None:
    several = wrong(unit="kg", value="high", external_id="")
    sent = readings(caller, wrong(unit="kg"), wrong(unit="kg"), reading("good"), several)
    for _ in range(2):
        post(api, "measurements", sent)
    assert counts() == {
        ("2339-0", "unit", "wrong_dimension"): 6,
        ("2339-0", "value", "not_a_number"): 2,
        ("2339-0", "external_id", "empty"): 2,
    }
    assert set(RefusalCount.objects.values_list("organisation", "api_client")) == {
        (caller.organisation.id, ApiClient.objects.get().id)
    }


def test_what_is_stored_or_was_before_or_is_in_conflict_is_not_counted(
    api: DescribedClient, caller: Caller
) -> None:
    for value in (1, 1, 2):
        post(api, "measurements", readings(caller, reading("m-1", value=value)))
    assert counts() == {}


def test_a_second_correction_is_counted_as_what_it_is(api: DescribedClient, caller: Caller) -> None:
    sent = [reading("m-1"), reading("m-2", replaces="m-1"), reading("m-3", replaces="m-1")]
    post(api, "measurements", readings(caller, *sent))
    assert counts() == {("2339-0", "replaces", "replaced_already"): 1}


def test_readings_that_cannot_be_read_are_counted_too(api: DescribedClient, caller: Caller) -> None:
    panel = {"code": "85354-9", "components": [{"code": "8480-6", "value": [1], "unit": "mm[Hg]"}]}
    items = [
        json.dumps(item) for item in (7, wrong(value=None), {**wrong(), "unit": 7}, {**wrong(), **panel})
    ]
    frame = json.dumps(readings(caller))
    nan = json.dumps(wrong(value=0)).replace('"value": 0', '"value": NaN')
    answer = post(api, "measurements", frame.replace("[]", f"[{', '.join([*items, nan])}]"))
    assert outcomes(answer) == ["refused"] * 5
    assert counts() == {
        ("", "item", "invalid"): 1,
        ("2339-0", "value", "not_a_number"): 2,
        ("2339-0", "unit", "invalid"): 1,
        ("85354-9", "value", "value_and_components"): 1,
    }


LOST: list[tuple[dict[str, Any], str, str]] = [
    ({"value": None}, "value", "not_a_number"),
    ({"value": "NaN"}, "value", "not_a_number"),
    ({"measured_at": "2026-11-28"}, "measured_at", "invalid"),
    ({"measured_at": 7}, "measured_at", "invalid"),
    ({"external_id": 7}, "external_id", "invalid"),
    ({"client_id": 7}, "client_id", "invalid"),
    ({"client_id": "\ud800"}, "client_id", "not_text"),
    ({"value": "\ud800"}, "value", "not_text"),
    ({NAME: 1}, "", "invalid"),
]


@pytest.mark.parametrize(("fields", "field", "reason"), LOST, ids=[str(case[0]) for case in LOST])
def test_what_cannot_be_read_is_counted_by_its_code(
    api: DescribedClient, caller: Caller, fields: dict[str, Any], field: str, reason: str
) -> None:
    sent = json.dumps(readings(caller, wrong() | fields)).replace('"NaN"', "NaN")
    assert outcomes(post(api, "measurements", sent)) == ["refused"]
    assert counts() == {("2339-0", field, reason): 1}


@pytest.mark.parametrize("field", ["value", "client_id", "external_id", "measured_at"])
def test_a_field_that_is_missing_is_counted_by_the_code_of_its_reading(
    api: DescribedClient, caller: Caller, field: str
) -> None:
    item = wrong()
    del item[field]
    post(api, "measurements", readings(caller, item))
    assert counts() == {("2339-0", field, "missing"): 1}


def test_a_code_that_is_none_or_stands_there_twice_is_not_kept_with_what_cannot_be_read(
    api: DescribedClient, caller: Caller
) -> None:
    items = [json.dumps(wrong(code=code, measured_at="")) for code in (NAME, 7, None)]
    items += [json.dumps(wrong()).replace('"code"', '"code": "8867-4", "code"')]
    post(api, "measurements", json.dumps(readings(caller)).replace("[]", f"[{', '.join(items)}]"))
    assert counts() == {
        ("", "measured_at", "invalid"): 1,
        ("", "code", "invalid"): 2,
        ("", "code", "duplicate_key"): 1,
    }


FHIR: list[tuple[dict[str, Any], str, str]] = [
    ({"valueQuantity": None, "dataAbsentReason": {"text": NAME}}, "value", "value_absent"),
    ({"valueQuantity": quantity(1, "mg/dL", comparator=">")}, "value", "comparator_not_supported"),
    ({"valueString": NAME}, "value", "value_twice"),
    ({"effectiveDateTime": "2026-03-10"}, "measured_at", "date_without_time"),
    ({"subject": None}, "external_id", "missing"),
]


@pytest.mark.parametrize(("fields", "field", "reason"), FHIR, ids=[case[2] for case in FHIR])
def test_an_observation_that_is_no_reading_is_counted_by_its_code(
    caller: Caller, fields: dict[str, Any], field: str, reason: str
) -> None:
    client = Client(headers={"Authorization": f"Bearer {caller.key}"})
    sent = [observation(caller, **fields), observation(caller, "m-2", **fields)]
    sent[1]["code"] = concept(NAME, system="urn:clinical-engine:codes")
    send(client, bundle(*sent))
    assert counts() == {("2339-0", field, reason): 1, ("", field, reason): 1}


def test_a_line_of_a_file_that_is_no_reading_is_counted_by_its_code(caller: Caller) -> None:
    finished(received(caller.organisation, csv(row("m-1", "100x"), row("m-2", "1e9999999999999999999")), CSV))
    line = json.dumps({**wrong(), "value": 0}).replace('"value": 0', '"value": NaN').encode()
    untimely = line.replace(b'"measured_at": "', b'"measured_at": "x')
    finished(received(caller.organisation, ndjson(line, untimely)))
    assert counts() == {
        ("2339-0", "value", "not_a_number"): 3,
        ("2339-0", "measured_at", "invalid"): 1,
    }


def test_neither_unknown_codes_nor_fields_nor_values_are_kept_as_they_were_sent(
    api: DescribedClient, caller: Caller
) -> None:
    items = [
        wrong(code=NAME),
        wrong(code="2345-7"),
        wrong(code=NAME, unit=NAME, value=NAME, external_id=f"{NAME}\n", replaces=f"{NAME}\n"),
        {**wrong(), NAME: NAME},
        wrong(NAME, unit=NAME),
        {
            "client_id": NAME,
            "external_id": NAME,
            "code": "85354-9",
            "measured_at": "2026-03-10T12:00:00Z",
            "components": [{"code": NAME, "value": NAME, "unit": NAME}],
        },
    ]
    assert outcomes(post(api, "measurements", readings(caller, *items))) == ["refused"] * len(items)
    kept = str(fetch_all("SELECT row_to_json(row)::text FROM observations_refusalcount row"))
    assert NAME not in kept
    assert counts() == {
        ("", "code", "unknown_code"): 2,
        ("2345-7", "code", "unknown_code"): 1,
        ("", "external_id", "not_printable"): 1,
        ("", "replaces", "not_printable"): 1,
        ("2339-0", "", "invalid"): 1,
        ("2339-0", "unit", "unknown_unit"): 1,
        ("85354-9", "components.code", "unknown_component"): 1,
        ("85354-9", "components", "component_missing"): 2,
    }


def test_each_client_and_organisation_has_counts_of_its_own(
    api: DescribedClient, caller: Caller, other_api: DescribedClient, other_caller: Caller
) -> None:
    _, key = create_api_client(
        actor=None, name="Another", scopes=["measurements:write"], organisations=[caller.organisation]
    )
    another = DescribedClient(headers={"Authorization": f"Bearer {key}"})
    for client, of, times in ((api, caller, 1), (another, caller, 2), (other_api, other_caller, 3)):
        post(client, "measurements", readings(of, *[wrong(unit="kg")] * times))
    assert sorted(RefusalCount.objects.values_list("number", flat=True)) == [1, 2, 3]


def test_a_thousand_refused_readings_take_no_more_rows_than_there_are_reasons(
    api: DescribedClient, caller: Caller
) -> None:
    items = [wrong(f"w-{number}", code=f"{NAME}-{number}") for number in range(1000)]
    post(api, "measurements", readings(caller, *items))
    assert counts() == {("", "code", "unknown_code"): 1000}


def test_requests_at_the_same_moment_do_not_deadlock_and_lose_no_count(committed_caller: Caller) -> None:
    kinds = [
        {"unit": "kg"},
        {"value": "high"},
        {"code": "2345-7"},
        {"external_id": ""},
        {"measured_at": "1880-01-01T00:00:00Z"},
    ]
    client = Client(headers={"Authorization": f"Bearer {committed_caller.key}"})
    lanes, rounds = 4, 12

    def send(lane: int, together: Barrier) -> None:
        for round_ in range(rounds):
            # Each in another order, with readings that are new beside those that are refused.
            turned = kinds[lane:] + kinds[:lane]
            items = [wrong(f"w-{lane}-{round_}-{number}", **kind) for number, kind in enumerate(turned)]
            together.wait()
            post(client, "measurements", readings(committed_caller, reading(f"shared-{round_}"), *items))

    together = Barrier(lanes)
    with Threads(lanes) as threads:
        for lane in range(lanes):
            threads.start(send, lane, together)
    # By reason: the hour may have turned meanwhile.
    counted: Counter[str] = Counter()
    for each in RefusalCount.objects.all():
        counted[each.reason] += each.number
    assert set(counted.values()) == {lanes * rounds}
    assert len(counted) == len(kinds)
    assert Measurement.objects.count() == rounds


@pytest.mark.parametrize(
    ("body", "counted"),
    [
        (b'{"organisation": ', ("", "body", "no_json")),
        (b'{"measurements": [{}]}', ("", "organisation", "missing")),
        (
            b'{"organisation": "019a2b3c-4d5e-7f60-8a9b-0c1d2e3f4a5b", "measurements": [{}]}',
            ("", "organisation", "unknown_organisation"),
        ),
    ],
    ids=["no JSON", "a frame that lacks something", "an organisation that is not the key's"],
)
def test_a_request_of_which_nothing_can_be_taken_is_counted_too(
    api: DescribedClient, body: bytes, counted: tuple[str, str, str]
) -> None:
    answer = api.post("/api/v1/measurements", body, content_type="application/json")
    assert answer.status_code in {400, 422}
    assert counts() == {counted: 1}
