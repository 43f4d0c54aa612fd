"""Statements by the API."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from observations.models import Measurement
from patients.models import Patient, Statement, StatementConflict
from tests import factories
from tests.api.bodies import post, statement
from tests.api.contract import DescribedClient
from tests.factories import Caller


@pytest.mark.parametrize("kind", ["activation", "deactivation"])
def test_a_statement_is_stored_and_answered_with_the_job_to_poll(
    api: DescribedClient, caller: Caller, kind: str
) -> None:
    answer = post(api, f"{kind}s", statement(caller))
    assert answer.status_code == 202
    [stored] = Statement.objects.select_related("patient")
    assert answer.json() == {
        "outcome": "accepted",
        "statement": str(stored.id),
        "patient": str(stored.patient_id),
        "job": str(stored.job_id),
    }
    assert answer.headers["Location"] == f"/api/v1/jobs/{stored.job_id}"
    assert (stored.kind, stored.patient.external_id, stored.source) == (kind, "p-1", "api")
    assert stored.effective_at.isoformat() == "2026-02-28T23:00:00+00:00"
    assert api.get(answer.headers["Location"]).json()["state"] == "available"


def test_the_same_statement_again_is_a_duplicate_answered_with_the_first_job(
    api: DescribedClient, caller: Caller, work: Callable[[], int]
) -> None:
    first = post(api, "activations", statement(caller))
    # The same instant by another clock is the same content; and it does not matter whether the first was worked off.
    work()
    again = post(api, "activations", statement(caller, effective_at="2026-02-28T23:00:00Z"))
    assert again.status_code == 202
    assert again.json() == first.json() | {"outcome": "duplicate"}
    assert again.headers["Location"] == first.headers["Location"]
    assert Statement.objects.count() == 1
    assert work() == 0


@pytest.mark.parametrize(
    ("path", "changed"),
    [
        ("activations", {"effective_at": "2026-03-01T00:00:01+01:00"}),
        ("activations", {"external_id": "p-2"}),
        ("deactivations", {}),
    ],
    ids=["another time", "another patient", "the opposite"],
)
def test_a_client_id_used_before_with_other_content_is_a_conflict_that_staff_can_see(
    api: DescribedClient, caller: Caller, path: str, changed: dict[str, Any]
) -> None:
    post(api, "activations", statement(caller))
    for _ in range(2):
        answer = post(api, path, statement(caller, **changed))
        assert answer.status_code == 409
        assert answer.json()["type"] == "urn:clinical-engine:problem:client-id-conflict"
    [first] = Statement.objects.all()
    # Sent twice, kept once: retries of a confused client must not bury the page.
    [kept] = StatementConflict.objects.all()
    assert kept.statement == first
    assert f"{kept.kind}s" == path
    assert kept.external_id == changed.get("external_id", "p-1")


def test_another_submitter_under_the_same_client_id_is_a_conflict(
    api: DescribedClient, caller: Caller
) -> None:
    other = factories.submitter(caller.organisation)
    post(api, "activations", statement(caller))
    assert post(api, "activations", statement(caller, submitter=str(other.id))).status_code == 409
    assert StatementConflict.objects.get().submitter == other


BAD: dict[str, tuple[dict[str, Any], str, str]] = {
    "client_id empty": ({"client_id": ""}, "client_id", "empty"),
    "client_id null": ({"client_id": None}, "client_id", "invalid"),
    "client_id a number": ({"client_id": 7}, "client_id", "invalid"),
    "client_id too long": ({"client_id": "x" * 129}, "client_id", "too_long"),
    "client_id with a control character": ({"client_id": "a\tb"}, "client_id", "not_printable"),
    "external_id empty": ({"external_id": ""}, "external_id", "empty"),
    "external_id white space": ({"external_id": " "}, "external_id", "not_printable"),
    "external_id with white space at an end": ({"external_id": "p-1 "}, "external_id", "not_printable"),
    "external_id too long": ({"external_id": "x" * 129}, "external_id", "too_long"),
    "external_id with NUL": ({"external_id": "p\0"}, "external_id", "not_printable"),
    "external_id a list": ({"external_id": ["p-1"]}, "external_id", "invalid"),
    "submitter not a UUID": ({"submitter": "copd"}, "submitter", "invalid"),
    "submitter unknown": (
        {"submitter": "0190a0a0-0000-7000-8000-000000000000"},
        "submitter",
        "unknown_submitter",
    ),
    "time naive": ({"effective_at": "2026-03-01T00:00:00"}, "effective_at", "time_zone_missing"),
    "time not a time": ({"effective_at": "last Tuesday"}, "effective_at", "invalid"),
    "time a date": ({"effective_at": "2026-03-01"}, "effective_at", "time_zone_missing"),
    "time a number": ({"effective_at": 1772319600}, "effective_at", "invalid"),
    "time null": ({"effective_at": None}, "effective_at", "invalid"),
    "time before 1900": ({"effective_at": "1880-03-01T00:00:00Z"}, "effective_at", "too_early"),
    "time of no calendar": ({"effective_at": "2026-02-30T00:00:00Z"}, "effective_at", "invalid"),
    "the first time there is": ({"effective_at": "0001-01-01T00:00:00+14:00"}, "effective_at", "too_early"),
    "the last time there is": (
        {"effective_at": "9999-12-31T23:59:59-14:00"},
        "effective_at",
        "in_the_future",
    ),
    "an offset that no place has": (
        {"effective_at": "2026-03-01T00:00:00+23:59"},
        "effective_at",
        "no_such_offset",
    ),
}


@pytest.mark.parametrize(("fields", "field", "code"), BAD.values(), ids=BAD)
def test_a_bad_statement_is_refused_with_the_field_named_and_nothing_stored(
    api: DescribedClient, caller: Caller, fields: dict[str, Any], field: str, code: str
) -> None:
    answer = post(api, "activations", statement(caller, **fields))
    assert answer.status_code == 422
    assert [(error["field"], error["code"]) for error in answer.json()["errors"]] == [(field, code)]
    assert not Statement.objects.exists()
    assert not Patient.objects.exists()


@pytest.mark.parametrize("missing", ["client_id", "submitter", "external_id", "effective_at"])
def test_a_missing_field_is_named(api: DescribedClient, caller: Caller, missing: str) -> None:
    body = statement(caller)
    del body[missing]
    [error] = post(api, "activations", body).json()["errors"]
    assert (error["field"], error["code"]) == (missing, "missing")


@pytest.mark.parametrize("body", ["[]", "7", '"text"', "null", "true"])
def test_a_body_that_is_no_object_is_refused(api: DescribedClient, body: str) -> None:
    answer = post(api, "activations", body)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "body"


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b'{"client_id": NaN}', b"\xff\xfe", b'{"client_id": "\\ud800"}', b"[" * 60_000],
    ids=["empty", "cut off", "NaN", "no UTF-8", "half a surrogate pair", "nested for ever"],
)
def test_what_is_not_json_is_answered_as_such_without_an_echo(api: DescribedClient, body: bytes) -> None:
    answer = post(api, "activations", body)
    assert answer.status_code in {400, 422}
    assert "NaN" not in answer.content.decode()


def test_json_that_is_nested_too_deeply_is_told_as_that(api: DescribedClient) -> None:
    [error] = post(api, "activations", b"[" * 30_000 + b"]" * 30_000).json()["errors"]
    assert (error["field"], error["code"], error["message"]) == ("body", "invalid", "Is nested too deeply.")


def test_a_statement_larger_than_64_kilobytes_is_not_read(api: DescribedClient, caller: Caller) -> None:
    assert post(api, "activations", statement(caller, note="x" * 70_000)).status_code == 413


def test_nine_minutes_in_the_future_is_accepted_and_eleven_is_not(
    api: DescribedClient, caller: Caller
) -> None:
    now = timezone.now()
    soon = statement(caller, effective_at=(now + timedelta(minutes=9)).isoformat())
    assert post(api, "activations", soon).status_code == 202
    later = statement(caller, client_id="s-2", effective_at=(now + timedelta(minutes=11)).isoformat())
    [error] = post(api, "activations", later).json()["errors"]
    assert (error["field"], error["code"]) == ("effective_at", "in_the_future")


def test_a_submitter_of_another_organisation_is_as_unknown_as_one_that_does_not_exist(
    api: DescribedClient, caller: Caller
) -> None:
    foreign = post(api, "activations", statement(caller, submitter=str(factories.submitter().id)))
    unknown = post(api, "activations", statement(caller, submitter="0190a0a0-0000-7000-8000-000000000000"))
    assert foreign.status_code == unknown.status_code == 422
    assert foreign.json() == unknown.json()


def test_the_same_external_id_in_two_organisations_is_two_patients(
    api: DescribedClient, caller: Caller
) -> None:
    factories.patient(factories.organisation(), "p-1")
    post(api, "activations", statement(caller))
    assert Patient.objects.filter(external_id="p-1").count() == 2
    assert not Measurement.objects.exists()


@pytest.mark.parametrize("path", ["activations", "deactivations"])
def test_a_field_that_does_not_exist_is_refused_by_name(
    path: str, api: DescribedClient, caller: factories.Caller
) -> None:
    body = {
        "client_id": "a-1",
        "submitter": str(caller.submitter.id),
        "external_id": "p-1",
        "effective_at": factories.NOON.isoformat(),
        "effective_until": factories.NOON.isoformat(),
    }
    refused = api.post(f"/api/v1/{path}", body, content_type="application/json")
    assert refused.status_code == 422
    assert [error["field"] for error in refused.json()["errors"]] == ["effective_until"]
