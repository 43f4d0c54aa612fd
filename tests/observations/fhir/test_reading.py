"""Observations out: measured and computed ones, in one list by time."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

import pytest

from clinical_engine.api.scopes import SCOPES
from observations.intake import Sender, record_measurements
from observations.models import Measurement, MeasurementSource, Observation
from patients.models import Patient
from tests import factories
from tests.factories import NOON, Caller
from tests.observations.fhir.bodies import issues
from tests.observations.fhir.conftest import ValidatingClient, client_of
from tests.observations.scripts.writing import content, gives, publish, reads_script

HL7 = "http://terminology.hl7.org/CodeSystem"
Resources = list[dict[str, Any]]


def record(caller: Caller, *hours_ago: float, **fields: Any) -> None:
    record_measurements(
        organisation_id=caller.organisation.id,
        readings=[
            factories.reading("p-1", 100 + n, NOON - timedelta(hours=hours), **fields)
            for n, hours in enumerate(hours_ago)
        ],
        sender=Sender(MeasurementSource.API),
    )


@pytest.fixture
def computed(caller: Caller, scripts: None, linked: None, work: Callable[[], int]) -> str:
    """The id of a patient with three readings, and the observations computed from them."""
    work()
    record(caller, 0, 24, 48)
    work()
    return str(Patient.objects.get().pk)


def pages(api: ValidatingClient, patient: str, **query: Any) -> Iterator[Resources]:
    """Page after page, as a client follows them."""
    bundle = api.get("/fhir/Observation", {"patient": patient, **query}).json()
    while True:
        yield [entry["resource"] for entry in bundle.get("entry", [])]
        found = [link["url"] for link in bundle["link"] if link["relation"] == "next"]
        if not found:
            return
        address = urlsplit(found[0])
        bundle = api.get(f"{address.path}?{address.query}").json()


def found(api: ValidatingClient, patient: str, **query: Any) -> Resources:
    [page] = pages(api, patient, **query)
    return page


def codes(resources: Resources) -> list[str]:
    return [resource["code"]["coding"][0]["code"] for resource in resources]


def test_a_computed_observation_names_its_measurements_and_its_script(
    api: ValidatingClient, computed: str
) -> None:
    newest = found(api, computed, code="glucose-7d")[0]
    row = Observation.objects.get(pk=newest["id"])
    assert newest["status"] == "final"
    assert newest["derivedFrom"] == [{"reference": f"Observation/{each}"} for each in row.derived_from]
    assert newest["device"]["identifier"]["value"] == str(row.script_version_id)
    mean, in_range = newest["component"]
    assert codes([mean, in_range]) == ["glucose-mean-7d", "glucose-in-range-7d"]
    assert row.value is not None
    assert mean["valueQuantity"] == {
        "value": row.value["mean"],
        "unit": "mg/dL",
        "system": "http://unitsofmeasure.org",
        "code": "mg/dL",
    }
    for reference in newest["derivedFrom"]:
        assert api.get(f"/fhir/{reference['reference']}").json()["valueQuantity"]["code"] == "mg/dL"


def test_a_superseded_observation_stays_readable_and_is_in_no_search(
    api: ValidatingClient, caller: Caller, computed: str, work: Callable[[], int]
) -> None:
    record(caller, 1)
    work()
    superseded = Observation.objects.exclude(superseded_at=None).first()
    assert superseded is not None
    shown = api.get(f"/fhir/Observation/{superseded.pk}").json()
    assert shown["status"] == "entered-in-error"
    assert shown["note"]
    assert str(superseded.pk) not in [each["id"] for each in found(api, computed)]


def test_a_result_of_results_names_both_and_what_it_means(
    api: ValidatingClient, caller: Caller, scripts: None, linked: None, work: Callable[[], int]
) -> None:
    source = """\
if average > 180:
    grade = "high"
    level = "critical"
elif average > 140:
    grade = "raised"
    level = "abnormal"
else:
    grade = "usual"
    level = "normal"
result = {"grade": grade, "level": level}
"""
    inputs = {
        "average": reads_script("glucose-7d", output="mean"),
        "now": {"code": "2339-0", "how": "latest", "window_seconds": 60},
    }
    outputs = {
        "grade": gives(kind="coded", answers=["high", "raised", "usual"], code="grade-of-glucose"),
        "level": {"kind": "interpretation"},
    }
    publish("graded", content(source, inputs, outputs))
    record(caller, 0, 24, 48)
    work()
    row = Observation.objects.get(script__name="graded", as_of=NOON)
    shown = api.get(f"/fhir/Observation/{row.pk}").json()
    sources = [*row.derived_from, *row.from_observations]
    assert len(row.from_observations) == 1
    assert shown["derivedFrom"] == [{"reference": f"Observation/{each}"} for each in sources]
    assert shown["interpretation"][0]["coding"] == [
        {"system": f"{HL7}/v3-ObservationInterpretation", "code": "N", "display": "Normal"}
    ]
    [grade] = shown["component"]
    assert grade["valueCodeableConcept"]["coding"][0]["code"] == "usual"
    for meaning, code in (("abnormal", "A"), ("critical", "AA")):
        Observation.objects.filter(pk=row.pk).update(interpretation=meaning)
        again = api.get(f"/fhir/Observation/{row.pk}").json()
        assert again["interpretation"][0]["coding"][0]["code"] == code


def test_one_without_a_value_says_why(api: ValidatingClient, computed: str) -> None:
    row = Observation.objects.filter(superseded_at=None).first()
    assert row is not None
    Observation.objects.filter(pk=row.pk).update(value=None, not_computable="There was no reading")
    shown = api.get(f"/fhir/Observation/{row.pk}").json()
    assert shown["dataAbsentReason"]["text"] == "There was no reading"
    assert "component" not in shown


@pytest.mark.parametrize("size", [1, 2, 4, 6, 7])
def test_the_pages_are_the_list_of_both_by_time(api: ValidatingClient, computed: str, size: int) -> None:
    measured = Measurement.objects.values_list("measured_at", "id")
    results = Observation.objects.filter(superseded_at=None).values_list("as_of", "id")
    whole = [str(key) for _, key in sorted([*measured, *results], reverse=True)]
    assert len(whole) == 6
    shown = list(pages(api, computed, _count=size))
    assert [resource["id"] for page in shown for resource in page] == whole
    assert all(len(page) == size for page in shown[:-1])


def test_a_search_is_by_code_with_or_without_its_system(api: ValidatingClient, computed: str) -> None:
    for code in ("2339-0", "http://loinc.org|2339-0", "8867-4,2339-0"):
        assert codes(found(api, computed, code=code)) == ["2339-0"] * 3
    for code in ("8867-4", "http://snomed.info/sct|2339-0", "|2339-0"):
        assert found(api, computed, code=code) == []


DATES = [
    (["ge2026-03-09"], 2),
    (["gt2026-03-09"], 1),
    (["2026-03-09"], 1),
    (["eq2026-03"], 3),
    (["2026"], 3),
    (["lt2026-03-09"], 1),
    (["le2026-03-09"], 2),
    (["ge2026-03-09", "lt2026-03-10"], 1),
    (["ge2026-03-10T13:00:00+01:00"], 1),
    (["gt2026-03-10T12:00:00Z"], 0),
    (["2026-03-10T12:00Z"], 1),
    (["lt2026-03-10T12:00:00.000Z"], 2),
    (["ge9998-12"], 0),
    (["le9999-12-31"], 3),
    (["lt9999"], 3),
    (["le9999-12"], 3),
    (["lt9999-12-31T23:59:59Z"], 3),
    (["9999-12-31T23:59:59Z"], 0),
]


@pytest.mark.parametrize(("dates", "number"), DATES, ids=str)
def test_a_search_is_by_time(api: ValidatingClient, computed: str, dates: list[str], number: int) -> None:
    assert len(found(api, computed, code="2339-0", date=dates)) == number


BAD = [
    ({}, "missing"),
    ({"patient": "p-1"}, "invalid"),
    ({"code": ""}, "invalid"),
    ({"code": "a\x00"}, "invalid"),
    ({"code": ",".join("a" * 51)}, "invalid"),
    ({"code": ["a", "b"]}, "twice"),
    ({"date": "yesterday"}, "invalid"),
    ({"date": "sa2026-03-10"}, "invalid"),
    ({"date": "2026-13-10"}, "invalid"),
    ({"date": "2026-03-10T12:00:00"}, "invalid"),
    ({"date": "0000-01-01"}, "invalid"),
    ({"_count": "0"}, "invalid"),
    ({"_count": "many"}, "invalid"),
    ({"_sort": "code"}, "invalid"),
    ({"_format": "xml"}, "invalid"),
    ({"_cursor": "next"}, "invalid"),
    ({"_cursor": "00000000-0000-0000-0000-000000000000"}, "invalid"),
    ({"status": "final"}, "unknown_parameter"),
]


@pytest.mark.parametrize(("query", "code"), BAD, ids=str)
def test_a_parameter_that_cannot_be_understood_is_refused(
    api: ValidatingClient, caller: Caller, query: dict[str, Any], code: str
) -> None:
    if query:
        query = {"patient": str(factories.patient(caller.organisation).pk), **query}
    answer = api.get("/fhir/Observation", query)
    assert answer.status_code == 422
    assert [each for _, each, _ in issues(answer.json())] == [code]


def test_harmless_parameters_are_taken(api: ValidatingClient, computed: str) -> None:
    taken = {"_count": "5000", "_sort": "-date", "_format": "json", "patient": f"Patient/{computed}"}
    assert len(found(api, **taken)) == 6


def test_without_the_scope_for_computed_ones_they_are_left_out_and_that_is_said(computed: str) -> None:
    caller = _caller_with("measurements:read")
    bundle = client_of(caller).get("/fhir/Observation", {"patient": computed}).json()
    [entry] = bundle["entry"]
    assert entry["search"]["mode"] == "outcome"
    assert issues(entry["resource"]) == [("warning", "computed-left-out", "")]


@pytest.mark.parametrize("scope", sorted(SCOPES))
def test_each_endpoint_takes_its_scope(db: None, scope: str) -> None:
    api = client_of(_caller_with(scope))
    reads = api.get("/fhir/Observation", {"patient": "019a2b3c-4d5e-7f60-8a9b-0c1d2e3f4a5d"}).status_code
    one = api.get("/fhir/Observation/019a2b3c-4d5e-7f60-8a9b-0c1d2e3f4a5d").status_code
    sends = api.post("/fhir/", "{}", content_type="application/fhir+json").status_code
    assert (reads, one) == ((200, 404) if scope == "measurements:read" else (403, 403))
    assert sends == (422 if scope == "measurements:write" else 403)


def _caller_with(*scopes: str) -> Caller:
    return factories.caller(scopes)


def test_a_measurement_shows_all_that_it_is(api: ValidatingClient, caller: Caller) -> None:
    local = "2026-03-10T13:00:00+01:00"
    record(caller, 0, unit="mmol/L")
    row = Measurement.objects.get()
    Measurement.objects.filter(pk=row.pk).update(utc_offset_minutes=60, value_quantity=Decimal("5.80"))
    answer = api.get(f"/fhir/Observation/{row.pk}")
    assert b'"value":5.80' in answer.content
    shown = answer.json()
    assert shown["effectiveDateTime"] == local
    assert shown["subject"] == {"reference": f"Patient/{row.patient_id}"}
    assert shown["identifier"] == [{"system": "urn:clinical-engine:client-ids", "value": row.client_id}]
    assert {"url": "urn:clinical-engine:fhir:standing", "valueCode": "held"} in shown["extension"]
    assert "p-1" not in answer.content.decode()


def test_a_value_whose_code_has_left_the_catalogue_is_still_shown(
    api: ValidatingClient, caller: Caller
) -> None:
    record(caller, 0)
    row = Measurement.objects.get()
    kept = {"gone-1": {"quantity": 7, "unit": "mg/dL"}, "gone-2": {"answer": "a"}}
    Measurement.objects.filter(pk=row.pk).update(value_quantity=None, unit="", components=kept)
    first, second = api.get(f"/fhir/Observation/{row.pk}").json()["component"]
    assert (first["code"]["coding"][0]["code"], first["valueQuantity"]["value"]) == ("gone-1", 7)
    assert second["valueCodeableConcept"] == {"coding": [{"code": "a"}]}
