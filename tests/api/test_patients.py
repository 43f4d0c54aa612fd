"""What the vitals app needs to verify that its activation arrived."""

from collections.abc import Callable
from typing import Any

import pytest

from patients.models import Patient
from tests import factories
from tests.api.bodies import post, reading, readings, statement
from tests.api.contract import DescribedClient
from tests.factories import Caller


def look_up(api: DescribedClient, caller: Caller, external_id: str = "p-1") -> Any:
    body = {"organisation": str(caller.organisation.id), "external_id": external_id}
    return post(api, "patients/lookup", body)


def test_an_activation_is_seen_waiting_and_then_linked(
    api: DescribedClient, caller: Caller, work: Callable[[], int]
) -> None:
    accepted = post(api, "activations", statement(caller)).json()
    waiting = look_up(api, caller).json()
    assert waiting["id"] == accepted["patient"]
    assert (waiting["linked"], waiting["associations"]) == (False, [])
    [statement_waiting] = waiting["waiting_statements"]
    assert statement_waiting["statement"] == accepted["statement"]
    assert (statement_waiting["kind"], statement_waiting["job"]) == ("activation", accepted["job"])
    assert (waiting["last_job"]["id"], waiting["last_job"]["finished"]) == (accepted["job"], False)

    work()
    linked = look_up(api, caller).json()
    assert (linked["linked"], linked["waiting_statements"]) == (True, [])
    assert linked["associations"] == [
        {
            "submitter": str(caller.submitter.id),
            "submitter_name": caller.submitter.name,
            "associated_at": "2026-02-28T23:00:00Z",
            "dissociated_at": None,
        }
    ]
    # Nothing was measured, so there was nothing to compute.
    assert (linked["last_job"]["kind"], linked["last_job"]["state"]) == ("associate", "succeeded")
    assert api.get(f"/api/v1/patients/{linked['id']}").json() == linked


def test_a_patient_who_left_is_not_linked_but_the_period_is_shown(
    api: DescribedClient, caller: Caller, work: Callable[[], int]
) -> None:
    post(api, "activations", statement(caller))
    post(api, "deactivations", statement(caller, "s-2", effective_at="2026-03-05T00:00:00Z"))
    work()
    left = look_up(api, caller).json()
    assert not left["linked"]
    assert left["associations"][0]["dissociated_at"] == "2026-03-05T00:00:00Z"


def test_held_measurements_are_counted_with_the_oldest(api: DescribedClient, caller: Caller) -> None:
    items = [reading(f"m-{day}", measured_at=f"2026-03-0{day}T12:00:00+01:00") for day in (3, 2, 5)]
    post(api, "measurements", readings(caller, *items))
    held = look_up(api, caller).json()
    assert held["held_measurements"] == {"count": 3, "oldest_measured_at": "2026-03-02T11:00:00Z"}
    assert not held["linked"]


def test_a_patient_without_any_fact_is_shown_as_such(api: DescribedClient, caller: Caller) -> None:
    factories.patient(caller.organisation, "p-1")
    shown = look_up(api, caller).json()
    assert shown["held_measurements"] == {"count": 0, "oldest_measured_at": None}
    assert shown["last_job"] is None


def test_nobody_sees_a_patient_of_another_organisation(
    api: DescribedClient, caller: Caller, other_api: DescribedClient, other_caller: Caller
) -> None:
    patient = factories.patient(caller.organisation, "p-1")
    assert look_up(api, caller).status_code == 200
    # Neither by naming the organisation, nor by looking in one's own, nor by the id.
    answers = [
        look_up(other_api, caller),
        look_up(other_api, other_caller),
        look_up(other_api, other_caller, "nobody"),
        other_api.get(f"/api/v1/patients/{patient.id}"),
        other_api.get("/api/v1/patients/0190a0a0-0000-7000-8000-000000000000"),
    ]
    assert {answer.status_code for answer in answers} == {404}
    # A difference between the answers would tell who is a patient elsewhere.
    assert len({answer.content for answer in answers}) == 1


def test_a_client_of_two_organisations_sees_both_and_mixes_nothing(
    api: DescribedClient, caller: Caller, other_caller: Caller
) -> None:
    clients = caller.organisation.api_clients.all()
    other_caller.organisation.api_clients.add(*clients)
    ours, theirs = (factories.patient(who.organisation, "p-1") for who in (caller, other_caller))
    assert look_up(api, caller).json()["id"] == str(ours.id)
    assert look_up(api, other_caller).json()["id"] == str(theirs.id)


@pytest.mark.parametrize(
    ("body", "field", "code"),
    [
        ({"external_id": "p-1"}, "organisation", "missing"),
        ({"organisation": "here", "external_id": "p-1"}, "organisation", "invalid"),
        ({"organisation": "0190a0a0-0000-7000-8000-000000000000"}, "external_id", "missing"),
        (
            {"organisation": "0190a0a0-0000-7000-8000-000000000000", "external_id": 7},
            "external_id",
            "invalid",
        ),
    ],
)
def test_a_lookup_that_cannot_be_is_refused_with_the_field_named(
    api: DescribedClient, body: dict[str, Any], field: str, code: str
) -> None:
    answer = post(api, "patients/lookup", body)
    assert answer.status_code == 422
    assert [(error["field"], error["code"]) for error in answer.json()["errors"]] == [(field, code)]


def test_looking_up_creates_nobody(api: DescribedClient, caller: Caller) -> None:
    assert look_up(api, caller, "nobody").status_code == 404
    assert not Patient.objects.exists()
