"""Measurements in by the API: an answer for each, and each kept as it was sent."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from clinical_engine.jobs import selectors
from observations.models import Measurement, MeasurementConflict
from patients.models import Patient
from tests.api.bodies import outcomes, post, reading, readings, statement
from tests.api.contract import DescribedClient
from tests.factories import NOON, Caller


def test_every_reading_of_a_request_gets_its_own_outcome(
    api: DescribedClient, caller: Caller, work: Callable[[], int]
) -> None:
    post(api, "activations", statement(caller, external_id="linked"))
    post(api, "measurements", readings(caller, reading("known", "linked")))
    work()
    answer = post(
        api,
        "measurements",
        readings(
            caller,
            reading("new", "linked"),
            reading("early", "linked", measured_at="2026-02-01T00:00:00Z"),
            reading("stranger", "stranger"),
            reading("known", "linked"),
            reading("known", "linked", value=101),
            reading("bad", "linked", unit="g"),
        ),
    )
    assert answer.status_code == 422
    assert outcomes(answer) == ["accepted", "held", "held", "duplicate", "conflict", "refused"]
    assert [(error["item"], error["code"]) for error in answer.json()["errors"]] == [
        (4, "conflict"),
        (5, "wrong_dimension"),
    ]
    known = Measurement.objects.get(client_id="known")
    results = answer.json()["results"]
    assert results[3]["measurement"] == results[4]["measurement"] == str(known.id)
    assert known.value_quantity == 100


def test_conflicts_alone_are_answered_with_409_and_kept_once_for_staff(
    api: DescribedClient, caller: Caller
) -> None:
    post(api, "measurements", readings(caller, reading("m-1")))
    changed: list[dict[str, Any]] = [
        {"value": 101},
        {"value": 100.5},
        {"external_id": "p-2"},
        {"code": "8867-4", "unit": "/min"},
        {"measured_at": "2026-03-10T12:00:01Z"},
    ]
    for fields in (*changed, *changed):
        answer = post(api, "measurements", readings(caller, reading("m-2"), reading("m-1", **fields)))
        assert answer.status_code == 409
        assert outcomes(answer)[1] == "conflict"
    [first] = Measurement.objects.filter(client_id="m-1")
    assert MeasurementConflict.objects.filter(measurement=first).count() == len(changed)
    assert Measurement.objects.count() == 2


def test_duplicates_alone_are_fine(api: DescribedClient, caller: Caller, work: Callable[[], int]) -> None:
    # The same instant by another clock, and the same number with other digits, are the same content.
    post(api, "measurements", readings(caller, reading("m-1", value=7)))
    work()
    again = reading("m-1", value=7.0, measured_at="2026-03-10T13:00:00+01:00")
    answer = post(api, "measurements", readings(caller, again))
    assert answer.status_code == 202
    assert outcomes(answer) == ["duplicate"]
    assert work() == 0


def test_of_the_same_client_id_twice_in_one_request_the_first_stands(
    api: DescribedClient, caller: Caller
) -> None:
    twice = [reading("twice", value=1), reading("twice", value=1), reading("twice", value=2)]
    answer = post(api, "measurements", readings(caller, *twice))
    assert outcomes(answer) == ["held", "duplicate", "conflict"]
    assert Measurement.objects.get().value_quantity == 1
    assert MeasurementConflict.objects.get().value_quantity == 2


def test_the_same_client_id_in_two_organisations_is_two_measurements(
    api: DescribedClient, caller: Caller, other_api: DescribedClient, other_caller: Caller
) -> None:
    post(api, "measurements", readings(caller, reading("m-1")))
    assert outcomes(post(other_api, "measurements", readings(other_caller, reading("m-1", value=3)))) == [
        "held"
    ]


def test_a_thousand_readings_go_in_one_request_in_as_many_queries_as_one(
    api: DescribedClient, caller: Caller
) -> None:
    # Reads the catalogue, which the next ones have then.
    post(api, "measurements", readings(caller, reading("first", "first")))
    with CaptureQueriesContext(connection) as alone:
        post(api, "measurements", readings(caller, reading("alone", "alone")))
    items = [reading(f"m-{number}", f"p-{number % 300}") for number in range(1000)]
    with CaptureQueriesContext(connection) as together:
        answer = post(api, "measurements", readings(caller, *items))
    assert outcomes(answer) == ["held"] * 1000
    assert [result["client_id"] for result in answer.json()["results"]] == [
        item["client_id"] for item in items
    ]
    assert len(together) == len(alone)
    assert Patient.objects.count() == 302
    patients = Patient.objects.values_list("id", flat=True)
    assert {(job := selectors.last_job_of_patient(p)) and job.kind for p in patients} == {"recompute"}


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("7", "7"),
        ("7.0", "7.0"),
        ("7.00", "7.00"),
        ("-0.10", "-0.10"),
        ("0", "0"),
        ("0.000000000000000000000000000001", "1E-30"),
        ("999999999999999", "999999999999999"),
        ("12345678901234.5678901234567890", "12345678901234.5678901234567890"),
        ("1e2", "100"),
    ],
)
@pytest.mark.parametrize("beside", [None, "NaN"], ids=["alone", "beside a NaN"])
def test_a_number_keeps_the_digits_it_was_sent_with(
    api: DescribedClient, caller: Caller, sent: str, kept: str, beside: str | None
) -> None:
    body = readings(caller, reading("m-1", value=0), *([reading("m-2", value="NaN")] if beside else []))
    text = (str(body).replace("'", '"').replace('"value": 0', f'"value": {sent}')).replace('"NaN"', "NaN")
    post(api, "measurements", text)
    patient = Patient.objects.get()
    answer = api.get("/api/v1/measurements", {"patient": str(patient.id)})
    assert f'"value":{kept},' in answer.content.decode()


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("2026-03-10T12:00:00Z", "2026-03-10T12:00:00+00:00"),
        ("2026-03-10T12:00:00.123456+05:45", "2026-03-10T12:00:00.123456+05:45"),
        ("2026-03-10T12:00:00-03:30", "2026-03-10T12:00:00-03:30"),
        ("2026-03-10T12:00:00+14:00", "2026-03-10T12:00:00+14:00"),
        ("2026-03-10T12:00:00-12:00", "2026-03-10T12:00:00-12:00"),
    ],
)
def test_a_time_keeps_the_offset_it_was_sent_with(
    api: DescribedClient, caller: Caller, sent: str, kept: str
) -> None:
    post(api, "measurements", readings(caller, reading("m-1", measured_at=sent)))
    stored = Measurement.objects.get()
    assert stored.measured_at == datetime.fromisoformat(sent)
    [shown] = api.get("/api/v1/measurements", {"patient": str(stored.patient_id)}).json()["results"]
    assert shown["measured_at"] == kept


def test_a_measurement_is_shown_with_everything_it_was_sent_with(
    api: DescribedClient, caller: Caller, work: Callable[[], int]
) -> None:
    post(api, "activations", statement(caller))
    sent = readings(caller, reading("number"), reading("yes", code="meal-typical", value=True, unit=None))
    accepted = post(api, "measurements", sent)
    work()
    patient = Patient.objects.get()
    shown = api.get("/api/v1/measurements", {"patient": str(patient.id)}).json()["results"]
    by_id: dict[str, dict[str, Any]] = {item["client_id"]: item for item in shown}
    assert by_id["number"] | {"received_at": ""} == {
        "id": accepted.json()["results"][0]["measurement"],
        "client_id": "number",
        "code": "2339-0",
        "system": "http://loinc.org",
        "display": "Glucose in blood",
        "value": 100,
        "unit": "mg/dL",
        "canonical_value": 100,
        "canonical_unit": "mg/dL",
        "components": [],
        "measured_at": NOON.isoformat(),
        "received_at": "",
        "replaces": "",
        "implausible": False,
        "status": "counted",
    }
    assert (by_id["yes"]["value"], by_id["yes"]["unit"]) == (True, "")
    received = datetime.fromisoformat(by_id["yes"]["received_at"])
    assert abs((datetime.now(UTC) - received).total_seconds()) < 60


def test_texts_of_every_script_are_kept(api: DescribedClient, caller: Caller) -> None:
    strange = 'Zoë "\\" {,} NULL \N{SNOWMAN} 患者 %s $1'
    answer = post(api, "measurements", readings(caller, reading(strange, strange)))
    assert answer.json()["results"][0]["client_id"] == strange
    stored = Measurement.objects.select_related("patient").get()
    assert (stored.client_id, stored.patient.external_id) == (strange, strange)
