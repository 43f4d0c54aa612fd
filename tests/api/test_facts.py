"""Facts about patients by the API: an answer for each, and each shown with its patient."""

import json
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest

from clinical_engine.common.database import fetch_all
from patients.models import FactConflict, Patient, PatientFact
from tests import factories
from tests.api.bodies import errors, fact, facts, outcomes, post
from tests.api.contract import DescribedClient
from tests.factories import Caller

WRONG_FORM = {"reason": "The form of somebody else"}


def retract(api: DescribedClient, caller: Caller, client_id: str = "f-1") -> Any:
    body = {"organisation": str(caller.organisation.id), "client_id": client_id, **WRONG_FORM}
    return post(api, "facts/entered-in-error", body)


def shown(api: DescribedClient) -> list[tuple[str, object, str]]:
    """The facts with the patient's answer."""
    answer = api.get(f"/api/v1/patients/{Patient.objects.get().pk}").json()
    return [(row["name"], row["value"], row["status"]) for row in answer["facts"]]


def test_every_fact_of_a_request_gets_its_own_outcome(api: DescribedClient, caller: Caller) -> None:
    first = post(api, "facts", facts(caller, fact("known")))
    assert (first.status_code, outcomes(first)) == (202, ["accepted"])
    answer = post(
        api,
        "facts",
        facts(
            caller,
            fact("new", "birth_year", 1950),
            fact("known", effective_from="2026-02-28T23:00:00Z"),
            fact("known", value="male"),
            fact("scale", "spo2_scale", 3),
            fact("half", "birth_year", 1950.5),
            fact("height", "height", 170),
            {"client_id": "bare"},
            7,
        ),
    )
    assert answer.status_code == 422
    assert outcomes(answer) == ["accepted", "duplicate", "conflict", *["refused"] * 5]
    assert errors(answer) == [
        (2, "client_id", "conflict"),
        (3, "value", "out_of_range"),
        (4, "value", "not_a_whole_number"),
        (5, "name", "unknown_fact"),
        (6, "external_id", "missing"),
        (7, "item", "invalid"),
    ]
    results = answer.json()["results"]
    stored = PatientFact.objects.get(client_id="known")
    assert {results[n]["fact"] for n in (1, 2)} == {str(stored.pk)}
    assert {result["patient"] for result in results[:3]} == {str(stored.patient_id)}
    assert (results[3]["fact"], results[3]["patient"], results[6]["client_id"]) == (None, None, "bare")


def test_conflicts_alone_are_answered_with_409_and_kept_for_staff(
    api: DescribedClient, caller: Caller
) -> None:
    post(api, "facts", facts(caller, fact()))
    answer = post(api, "facts", facts(caller, fact(value="male"), fact("f-2", "birth_year", 1950)))
    assert (answer.status_code, outcomes(answer)) == (409, ["conflict", "accepted"])
    assert FactConflict.objects.get().value == "male"


@pytest.mark.parametrize(
    "value", ["null", "[]", "{}", "true", '"1950"', "1e3", "NaN", "-0", '"\\ud800"', "1" * 400]
)
def test_whatever_is_no_birth_year_refuses_its_fact_only(
    api: DescribedClient, caller: Caller, value: str
) -> None:
    whole = json.dumps(facts(caller, fact("a", "birth_year", "VALUE"), fact("b")))
    answer = post(api, "facts", whole.replace('"VALUE"', value))
    assert (answer.status_code, outcomes(answer)) == (422, ["refused", "accepted"])
    assert errors(answer)[0][1] == "value"


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ("{", 400),
        ("[]", 422),
        ({"facts": [fact()]}, 422),
        ({"organisation": "x", "facts": [fact()]}, 422),
        ({"organisation": str(uuid4()), "facts": []}, 422),
        ({"organisation": str(uuid4()), "facts": [fact()]}, 422),
        ({"organisation": str(uuid4()), "facts": [fact()] * 1001}, 422),
    ],
    ids=["no JSON", "a list", "no organisation", "no UUID", "no fact", "a foreign organisation", "too many"],
)
def test_a_request_that_is_wrong_as_a_whole_stores_nothing(
    api: DescribedClient, caller: Caller, body: Any, status: int
) -> None:
    answer = post(api, "facts", body)
    assert answer.status_code == status
    assert "results" not in answer.json()
    assert not PatientFact.objects.exists()


def test_a_fact_has_its_patient_computed_anew(
    api: DescribedClient, caller: Caller, work: Callable[[], int]
) -> None:
    post(api, "facts", facts(caller, fact()))
    assert work() == 1
    post(api, "facts", facts(caller, fact()))
    assert work() == 0


def test_the_patient_shows_every_fact_and_which_hold_now(api: DescribedClient, caller: Caller) -> None:
    sent = facts(
        caller,
        fact("a", "spo2_scale", 1, effective_from="2026-01-01T00:00:00Z"),
        fact("b", "spo2_scale", 2),
        fact("c", "birth_year", 1950, effective_from="1950-01-01T00:00:00Z"),
        fact("d"),
    )
    post(api, "facts", sent)
    retract(api, caller, "d")
    assert shown(api) == [
        ("birth_year", 1950, "holds"),
        ("sex", "female", "entered-in-error"),
        ("spo2_scale", 2, "holds"),
        ("spo2_scale", 1, "stands"),
    ]


def test_a_fact_is_entered_in_error_by_the_id_of_its_answer(api: DescribedClient, caller: Caller) -> None:
    [stored] = post(api, "facts", facts(caller, fact())).json()["results"]
    path = f"facts/{stored['fact']}/entered-in-error"
    said = [post(api, path, WRONG_FORM) for _ in range(2)]
    assert [(answer.status_code, answer.json()) for answer in said] == [
        (202, {"outcome": "accepted"}),
        (202, {"outcome": "duplicate"}),
    ]
    assert shown(api) == [("sex", "female", "entered-in-error")]


def test_entered_in_error_may_be_said_before_the_fact_comes(api: DescribedClient, caller: Caller) -> None:
    assert retract(api, caller).json() == {"outcome": "accepted"}
    post(api, "facts", facts(caller, fact()))
    assert shown(api) == [("sex", "female", "entered-in-error")]


@pytest.mark.parametrize("reason", ["", " ", "two\nlines", "x" * 501, 7, None])
def test_a_reason_is_needed(api: DescribedClient, caller: Caller, reason: object) -> None:
    [stored] = post(api, "facts", facts(caller, fact())).json()["results"]
    answer = post(api, f"facts/{stored['fact']}/entered-in-error", {"reason": reason})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "reason"
    assert shown(api) == [("sex", "female", "holds")]


def test_a_fact_of_another_organisation_is_not_there(
    api: DescribedClient, caller: Caller, other_api: DescribedClient, other_caller: Caller
) -> None:
    [stored] = post(api, "facts", facts(caller, fact())).json()["results"]
    assert post(other_api, f"facts/{stored['fact']}/entered-in-error", WRONG_FORM).status_code == 404
    assert post(other_api, "facts", facts(caller, fact("f-2"))).status_code == 422
    assert retract(other_api, caller).status_code == 422
    retract(other_api, other_caller)
    assert shown(api) == [("sex", "female", "holds")]


def test_the_same_key_is_answered_as_the_first_time(api: DescribedClient, caller: Caller) -> None:
    body = json.dumps(facts(caller, fact()))
    answers = [
        api.post("/api/v1/facts", body, content_type="application/json", headers={"Idempotency-Key": "k-1"})
        for _ in range(2)
    ]
    assert [answer.json()["results"][0]["outcome"] for answer in answers] == ["accepted", "accepted"]
    assert PatientFact.objects.count() == 1


def test_where_it_came_from_is_kept(api: DescribedClient, caller: Caller) -> None:
    post(api, "facts", facts(caller, fact()))
    retract(api, caller)
    sender = fetch_all("SELECT id FROM submitters_apiclient")
    assert fetch_all("SELECT api_client_id FROM patients_patientfact WHERE source = 'api'") == sender
    assert fetch_all("SELECT api_client_id FROM patients_factretraction WHERE source = 'api'") == sender


def test_a_key_without_the_scope_may_not(caller: Caller) -> None:
    unable = factories.caller(scopes=("activations:write", "measurements:write"))
    from_others = DescribedClient(headers={"Authorization": f"Bearer {unable.key}"})
    assert post(from_others, "facts", facts(unable, fact())).status_code == 403
