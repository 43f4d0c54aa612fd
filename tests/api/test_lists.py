"""Lists by cursor: measurements and observations."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from observations.intake import Sender, record_measurements
from observations.models import Measurement, MeasurementSource, Observation
from patients.models import Patient
from patients.services import activate
from tests import factories
from tests.api.contract import DescribedClient, operations
from tests.factories import BY_IMPORT, NOON, Caller


def record(caller: Caller, *hours_ago: float, **fields: Any) -> None:
    record_measurements(
        organisation_id=caller.organisation.id,
        readings=[
            factories.reading("p-1", measured_at=NOON - timedelta(hours=hours), **fields)
            for hours in hours_ago
        ],
        sender=Sender(MeasurementSource.IMPORT),
    )


@pytest.fixture
def patient(caller: Caller, scripts: None) -> Patient:
    activate(
        submitter=caller.submitter,
        statements=[factories.statement("p-1", NOON - timedelta(days=300))],
        origin=BY_IMPORT,
    )
    return Patient.objects.get()


def pages(api: DescribedClient, path: str, patient: Patient, **query: Any) -> Iterator[list[dict[str, Any]]]:
    """Page after page, as a client follows them."""
    answer = api.get(f"/api/v1/{path}", {"patient": str(patient.id), **query}).json()
    yield answer["results"]
    while answer["next"]:
        answer = api.get(answer["next"]).json()
        yield answer["results"]


def ids(rows: list[dict[str, Any]]) -> list[UUID]:
    return [UUID(row["id"]) for row in rows]


def test_the_pages_of_a_list_are_the_list(api: DescribedClient, caller: Caller, patient: Patient) -> None:
    record(caller, *range(7), *range(7), 3, 3, 3, 3, 3)
    whole = list(Measurement.objects.order_by("-measured_at", "-id").values_list("id", flat=True))
    for size in (1, 2, 4, 19, 20):
        shown = list(pages(api, "measurements", patient, page_size=size))
        assert [row for page in shown for row in ids(page)] == whole
        assert {len(page) for page in shown[:-1]} <= {size}


def test_rows_that_arrive_while_a_client_pages_shift_nothing(
    api: DescribedClient, caller: Caller, patient: Patient
) -> None:
    record(caller, 0, 1, 1, 1, 1, 1, 2, 3)
    there = set(Measurement.objects.values_list("id", flat=True))
    shown: list[UUID] = []
    for page in pages(api, "measurements", patient, page_size=3):
        shown += ids(page)
        # Later than all, at the time within which the client pages, and between.
        record(caller, -1, 1, 0.5)
    assert len(shown) == len(set(shown)), "a row was shown twice"
    assert there <= set(shown), "a row was passed over"


def test_more_rows_of_one_time_than_a_page_holds_do_not_end_the_list(
    api: DescribedClient, caller: Caller, patient: Patient
) -> None:
    record(caller, *[5] * 1100, 6)
    assert [len(page) for page in pages(api, "measurements", patient, page_size=500)] == [500, 500, 101]


def test_a_row_superseded_while_a_client_pages_neither_ends_nor_shifts_the_list(
    api: DescribedClient, caller: Caller, patient: Patient, work: Callable[[], int]
) -> None:
    record(caller, 1, 2, 3, 4)
    work()
    paging = pages(api, "observations", patient, page_size=2)
    first = next(paging)
    Observation.objects.filter(pk=first[-1]["id"]).update(superseded_at=NOON)
    assert len(next(paging)) == 2
    assert list(paging) == []


def test_a_page_has_a_hundred_rows_unless_asked_otherwise(
    api: DescribedClient, caller: Caller, patient: Patient
) -> None:
    record(caller, *range(101))
    assert [len(page) for page in pages(api, "measurements", patient)] == [100, 1]


def test_a_list_can_be_cut_by_code_and_time(api: DescribedClient, caller: Caller, patient: Patient) -> None:
    record(caller, 1, 2, 3)
    record(caller, 2, code="8867-4", unit="/min")

    def found(**query: str) -> list[tuple[str, str]]:
        [page] = pages(api, "measurements", patient, **query)
        return [(row["code"], row["measured_at"][11:13]) for row in page]

    assert found(code="8867-4") == [("8867-4", "10")]
    assert found(code="none of this") == []
    # `since` itself belongs to the list, `until` does not; both in any zone.
    assert found(code="2339-0", since="2026-03-10T10:00:00Z") == [("2339-0", "11"), ("2339-0", "10")]
    assert found(code="2339-0", until="2026-03-10T11:00:00+01:00") == [("2339-0", "09")]
    assert found(since="2026-03-10T10:00:00Z", until="2026-03-10T10:00:00Z") == []


def test_superseded_observations_are_shown_only_on_request(
    api: DescribedClient, caller: Caller, patient: Patient, work: Callable[[], int]
) -> None:
    record(caller, 1)
    work()
    record(caller, 2)
    work()
    [current] = pages(api, "observations", patient)
    assert [row["superseded_at"] for row in current] == [None, None]
    [every] = pages(api, "observations", patient, superseded="true")
    assert len(every) == 3
    [old] = [row for row in every if row["superseded_at"]]
    assert old["superseded_because"] == "a measurement came in later"


def test_an_observation_is_shown_with_its_provenance(
    api: DescribedClient, caller: Caller, patient: Patient, work: Callable[[], int]
) -> None:
    record(caller, 1, 2)
    work()
    [[latest, _]] = pages(api, "observations", patient)
    [measurements] = pages(api, "measurements", patient)
    assert latest["derived_from"] == [row["id"] for row in reversed(measurements)]
    assert latest["script"] == "glucose-7d"
    assert latest["script_version_number"] == 1
    assert latest["value"] == {"mean": 100, "in_range": 100}
    assert latest["outputs"]["mean"] == {"kind": "number", "code": "glucose-mean-7d", "unit": "mg/dL"}
    assert latest["as_of"] == "2026-03-10T11:00:00Z"
    assert latest["not_computable"] == ""


BAD = {
    "no patient": ({"patient": None}, "patient", "missing"),
    "patient empty": ({"patient": ""}, "patient", "invalid"),
    "patient no UUID": ({"patient": "p-1"}, "patient", "invalid"),
    "since naive": ({"since": "2026-03-10T10:00:00"}, "since", "time_zone_missing"),
    "since with an offset that no place has": (
        {"since": "2026-03-10T10:00:00+23:59"},
        "since",
        "no_such_offset",
    ),
    "until no time": ({"until": "soon"}, "until", "invalid"),
    "cursor no UUID": ({"cursor": "cD0yMDI2"}, "cursor", "invalid"),
    "cursor of no row": ({"cursor": "0190a0a0-0000-7000-8000-000000000000"}, "cursor", "invalid"),
    "page_size no number": ({"page_size": "all"}, "page_size", "invalid"),
    "page_size empty": ({"page_size": ""}, "page_size", "invalid"),
    "code empty": ({"code": ""}, "code", "empty"),
    "page_size 0": ({"page_size": "0"}, "page_size", "min_value"),
    "page_size 1001": ({"page_size": "1001"}, "page_size", "max_value"),
    "code with NUL": ({"code": "a\0"}, "code", "not_printable"),
    "a misspelt filter": ({"untill": "2026-03-10T10:00:00Z"}, "untill", "unknown_parameter"),
    "one that comes twice": ({"page_size": ["1", "2"]}, "page_size", "twice"),
    "one that comes twice alike": ({"code": ["2339-0", "2339-0"]}, "code", "twice"),
    "one that comes twice, once without a value": ({"code": ["", "2339-0"]}, "code", "twice"),
}


@pytest.mark.parametrize(("query", "field", "code"), BAD.values(), ids=BAD)
def test_a_bad_parameter_is_named(
    api: DescribedClient, patient: Patient, query: dict[str, Any], field: str, code: str
) -> None:
    asked = {
        name: value for name, value in ({"patient": str(patient.id)} | query).items() if value is not None
    }
    for path in ("measurements", "observations"):
        answer = api.get(f"/api/v1/{path}", asked)
        assert answer.status_code == 422
        assert [(error["field"], error["code"]) for error in answer.json()["errors"]] == [(field, code)]
        assert answer.json()["detail"] == "The request was refused.", "who asks had nothing to store"


PARAMETERS = [
    (path, parameter["name"])
    for method, path, operation in operations()
    for parameter in operation.get("parameters", ())
    if (method, parameter["in"]) == ("GET", "query")
]


def test_what_has_parameters_are_the_lists_and_the_feed() -> None:
    paths = {path.removeprefix("/api/v1/") for path, _ in PARAMETERS}
    assert paths == {"measurements", "observations", "observations/changes"}


@pytest.mark.parametrize(("path", "name"), PARAMETERS, ids=str)
def test_no_parameter_is_passed_over_because_it_has_no_value(
    api: DescribedClient, patient: Patient, path: str, name: str
) -> None:
    usual = {} if path.endswith("/changes") else {"patient": str(patient.id)}
    assert api.get(path, usual).status_code == 200
    answer = api.get(path, {**usual, name: ""})
    assert answer.status_code == 422
    [error] = answer.json()["errors"]
    assert error["field"] == name
    assert error["code"] in {"empty", "invalid", "invalid_choice"}


@pytest.mark.parametrize("time", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"])
def test_the_ends_of_the_calendar_can_be_asked_for(api: DescribedClient, patient: Patient, time: str) -> None:
    assert api.get("/api/v1/measurements", {"patient": str(patient.id), "since": time}).status_code == 200
    assert api.get("/api/v1/observations", {"patient": str(patient.id), "until": time}).status_code == 200


def test_a_patient_of_another_organisation_has_no_rows_and_no_cursors(
    caller: Caller, patient: Patient, other_api: DescribedClient, work: Callable[[], int]
) -> None:
    record(caller, 1)
    work()
    row = Measurement.objects.get()
    for path in ("measurements", "observations"):
        query = {"patient": str(patient.id)}
        assert other_api.get(f"/api/v1/{path}", query).json() == {"next": None, "results": []}
        assert other_api.get(f"/api/v1/{path}", query | {"cursor": str(row.id)}).status_code == 422
