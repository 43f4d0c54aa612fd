"""Moving a patient from one submitter to another: one call, both statements or neither."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest

from patients.folding import fold_periods
from patients.models import Association, Patient, Statement, StatementConflict
from submitters.models import Submitter
from tests import factories
from tests.api.bodies import move, post, statement
from tests.api.contract import DescribedClient
from tests.factories import Caller

ACTIVE_SINCE, MOVED_AT = "2026-02-28T23:00:00+00:00", "2026-05-31T22:00:00+00:00"


@pytest.fixture
def other(caller: Caller) -> Submitter:
    """Another submitter of the caller's organisation."""
    return factories.submitter(caller.organisation)


def periods() -> set[tuple[Any, str, str | None]]:
    return {
        (
            row.submitter_id,
            row.associated_at.isoformat(),
            row.dissociated_at.isoformat() if row.dissociated_at else None,
        )
        for row in Association.objects.all()
    }


def test_a_move_is_a_deactivation_and_an_activation_and_lands_at_once(
    api: DescribedClient, caller: Caller, other: Submitter, work: Callable[[], int]
) -> None:
    post(api, "activations", statement(caller))
    work()
    answer = post(api, "moves", move(caller, other))
    assert answer.status_code == 202
    left, joined = (Statement.objects.get(client_id=f"v-1:{end}") for end in ("left", "joined"))
    assert answer.json() == {
        "outcome": "accepted",
        "patient": str(Patient.objects.get().id),
        "left": {"statement": str(left.id), "job": str(left.job_id)},
        "joined": {"statement": str(joined.id), "job": str(joined.job_id)},
    }
    assert answer.headers["Location"] == f"/api/v1/jobs/{joined.job_id}"
    assert (left.kind, left.submitter, left.source) == ("deactivation", caller.submitter, "api")
    assert (joined.kind, joined.submitter, joined.source) == ("activation", other, "api")
    work()
    assert periods() == {(caller.submitter.id, ACTIVE_SINCE, MOVED_AT), (other.id, MOVED_AT, None)}
    assert not Statement.objects.filter(fulfilled_at=None).exists()


@pytest.mark.parametrize("half", ["left", "joined"])
def test_whichever_half_is_worked_off_first_lands_both(
    api: DescribedClient, caller: Caller, other: Submitter, work: Callable[[], int], half: str
) -> None:
    post(api, "activations", statement(caller))
    work()
    sent = post(api, "moves", move(caller, other)).json()
    fold_periods(statement_ids=[UUID(sent[half]["statement"])])
    assert periods() == {(caller.submitter.id, ACTIVE_SINCE, MOVED_AT), (other.id, MOVED_AT, None)}
    assert not Statement.objects.filter(fulfilled_at=None).exists()


def test_the_same_move_again_is_a_duplicate_with_the_ids_of_the_first(
    api: DescribedClient, caller: Caller, other: Submitter, work: Callable[[], int]
) -> None:
    first = post(api, "moves", move(caller, other))
    work()
    again = post(api, "moves", move(caller, other, effective_at="2026-05-31T22:00:00Z"))
    assert again.status_code == 202
    assert again.json() == first.json() | {"outcome": "duplicate"}
    assert again.headers["Location"] == first.headers["Location"]
    assert work() == 0


def test_a_move_that_arrives_before_the_activation_that_it_ends_comes_to_the_same(
    api: DescribedClient, caller: Caller, other: Submitter, work: Callable[[], int]
) -> None:
    post(api, "moves", move(caller, other))
    work()
    post(api, "activations", statement(caller))
    work()
    assert periods() == {(caller.submitter.id, ACTIVE_SINCE, MOVED_AT), (other.id, MOVED_AT, None)}


@pytest.mark.parametrize(
    ("changed", "kept"),
    [
        ({"effective_at": "2026-06-01T00:00:01+02:00"}, {"activation", "deactivation"}),
        ({"external_id": "p-2"}, {"activation", "deactivation"}),
        ({"from_submitter": "THIRD"}, {"deactivation"}),
        ({"to_submitter": "THIRD"}, {"activation"}),
    ],
    ids=["another time", "another patient", "from another", "to another"],
)
def test_a_client_id_used_before_with_other_content_is_a_conflict_that_staff_can_see(
    api: DescribedClient, caller: Caller, other: Submitter, changed: dict[str, str], kept: set[str]
) -> None:
    third = str(factories.submitter(caller.organisation).id)
    post(api, "moves", move(caller, other))
    fields = {name: third if value == "THIRD" else value for name, value in changed.items()}
    for _ in range(2):
        answer = post(api, "moves", move(caller, other, **fields))
        assert answer.status_code == 409
        assert answer.json()["type"] == "urn:clinical-engine:problem:client-id-conflict"
    assert Statement.objects.count() == 2
    assert sorted(StatementConflict.objects.values_list("kind", flat=True)) == sorted(kept)


@pytest.mark.parametrize("taken", ["left", "joined"])
def test_when_one_half_is_in_conflict_the_other_is_not_stored_either(
    api: DescribedClient, caller: Caller, other: Submitter, work: Callable[[], int], taken: str
) -> None:
    post(api, "activations", statement(caller, f"v-1:{taken}", "somebody else"))
    work()
    before = periods()
    assert post(api, "moves", move(caller, other)).status_code == 409
    assert Statement.objects.count() == 1
    assert not Patient.objects.filter(external_id="p-1").exists()
    assert StatementConflict.objects.get().external_id == "p-1"
    assert work() == 0
    assert periods() == before


def test_a_half_that_was_stated_before_is_completed(
    api: DescribedClient, caller: Caller, other: Submitter
) -> None:
    said = statement(caller, "v-1:left", effective_at=move(caller, other)["effective_at"])
    post(api, "deactivations", said)
    answer = post(api, "moves", move(caller, other))
    assert (answer.status_code, answer.json()["outcome"]) == (202, "accepted")
    assert Statement.objects.count() == 2


def refusals(answer: Any) -> list[tuple[str, str]]:
    assert answer.status_code == 422, answer.content
    assert not Statement.objects.exists()
    assert not Patient.objects.exists()
    return [(error["field"], error["code"]) for error in answer.json()["errors"]]


# what is sent in place of a good move's fields -> the field and the code of the answer
BAD: dict[str, tuple[dict[str, Any], tuple[str, str]]] = {
    "client_id empty": ({"client_id": ""}, ("client_id", "empty")),
    "client_id of 121 characters": ({"client_id": "x" * 121}, ("client_id", "too_long")),
    "client_id of 129 characters": ({"client_id": "x" * 129}, ("client_id", "too_long")),
    "external_id not printable": ({"external_id": "p\n"}, ("external_id", "not_printable")),
    "external_id a number": ({"external_id": 7}, ("external_id", "invalid")),
    "time naive": ({"effective_at": "2026-03-01T00:00:00"}, ("effective_at", "time_zone_missing")),
    "time before 1900": ({"effective_at": "1880-03-01T00:00:00Z"}, ("effective_at", "too_early")),
    "time in the future": ({"effective_at": "9000-03-01T00:00:00Z"}, ("effective_at", "in_the_future")),
    "from no UUID": ({"from_submitter": "copd"}, ("from_submitter", "invalid")),
    "to null": ({"to_submitter": None}, ("to_submitter", "invalid")),
    "an unknown field": ({"submitter": "copd"}, ("submitter", "invalid")),
}


@pytest.mark.parametrize(("fields", "expected"), BAD.values(), ids=BAD)
def test_a_bad_move_is_refused_with_the_field_named_and_nothing_stored(
    api: DescribedClient, caller: Caller, other: Submitter, fields: dict[str, Any], expected: tuple[str, str]
) -> None:
    assert refusals(post(api, "moves", move(caller, other, **fields))) == [expected]


@pytest.mark.parametrize(
    "missing", ["client_id", "external_id", "from_submitter", "to_submitter", "effective_at"]
)
def test_a_missing_field_is_named(
    api: DescribedClient, caller: Caller, other: Submitter, missing: str
) -> None:
    body = move(caller, other)
    del body[missing]
    assert refusals(post(api, "moves", body)) == [(missing, "missing")]


def test_a_client_id_of_120_characters_is_accepted(
    api: DescribedClient, caller: Caller, other: Submitter
) -> None:
    assert post(api, "moves", move(caller, other, "x" * 120)).status_code == 202


def test_nobody_moves_to_where_they_are(api: DescribedClient, caller: Caller) -> None:
    assert refusals(post(api, "moves", move(caller, caller.submitter))) == [
        ("to_submitter", "same_submitter")
    ]


@pytest.mark.parametrize("field", ["from_submitter", "to_submitter"])
def test_a_submitter_of_another_organisation_is_as_unknown_as_one_that_does_not_exist(
    api: DescribedClient, caller: Caller, other: Submitter, field: str
) -> None:
    answers = [
        post(api, "moves", move(caller, other, **{field: str(identifier)}))
        for identifier in (factories.submitter().id, "0190a0a0-0000-7000-8000-000000000000")
    ]
    assert refusals(answers[0]) == [(field, "unknown_submitter")]
    assert answers[0].json() == answers[1].json()


def test_a_key_for_two_organisations_moves_nobody_from_one_to_the_other(
    api: DescribedClient, caller: Caller, acts_for_both: Submitter
) -> None:
    assert refusals(post(api, "moves", move(caller, acts_for_both))) == [
        ("to_submitter", "another_organisation")
    ]


@pytest.fixture
def acts_for_both(caller: Caller) -> Submitter:
    """A submitter of another organisation that the caller's key may act for too."""
    other = factories.submitter()
    [client] = caller.organisation.api_clients.all()
    client.organisations.add(other.organisation)
    return other
