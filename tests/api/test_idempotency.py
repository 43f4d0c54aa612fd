"""A request with an `Idempotency-Key` is worked on once, and answered the same each time it is sent."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from clinical_engine.api.models import StoredAnswer
from clinical_engine.jobs.models import Job
from observations.models import Measurement
from patients.models import Statement
from tests.api.bodies import post, reading, readings, statement
from tests.api.contract import DescribedClient, operations
from tests.api.idempotency import REQUESTS, Sent, assert_replays, is_replay, kind_of_problem, with_key
from tests.budgets import queries_of
from tests.factories import Caller

TAKES_KEY = {
    operation["operationId"]
    for method, _, operation in operations()
    if any(parameter["name"] == "Idempotency-Key" for parameter in operation.get("parameters", ()))
}


def test_whatever_is_posted_and_changes_something_takes_the_key() -> None:
    posts = {operation["operationId"] for method, _, operation in operations() if method == "POST"}
    assert TAKES_KEY == posts - {"look_up_patient"} == set(REQUESTS)


@pytest.mark.parametrize("sends", REQUESTS.values(), ids=REQUESTS)
def test_the_same_request_again_is_answered_as_the_first_was_and_does_nothing(
    api: DescribedClient, caller: Caller, sends: Callable[[Caller], Sent]
) -> None:
    path, body = sends(caller)
    first = with_key(api, path, body)
    assert first.status_code == 202
    jobs = Job.objects.count()
    again = with_key(api, path, body)
    # Without the key it would be a duplicate.
    assert_replays(again, first)
    assert Job.objects.count() == jobs


@pytest.mark.parametrize("sends", REQUESTS.values(), ids=REQUESTS)
def test_another_body_under_the_same_key_is_refused_and_stores_nothing(
    api: DescribedClient, caller: Caller, sends: Callable[[Caller], Sent]
) -> None:
    path, body = sends(caller)
    first = with_key(api, path, body)
    jobs = Job.objects.count()
    changed = {
        name: value if name in {"submitter", "organisation"} else "changed" for name, value in body.items()
    }
    answer = with_key(api, path, changed)
    assert kind_of_problem(answer) == (422, "idempotency-key-reused")
    assert Job.objects.count() == jobs
    assert_replays(with_key(api, path, body), first)


@pytest.mark.parametrize("sends", REQUESTS.values(), ids=REQUESTS)
def test_without_a_key_nothing_is_kept(
    api: DescribedClient, caller: Caller, sends: Callable[[Caller], Sent]
) -> None:
    path, body = sends(caller)
    assert not is_replay(post(api, path, body))
    assert not is_replay(post(api, path, body))
    assert not StoredAnswer.objects.exists()


def test_the_same_key_of_another_client_is_another_key(
    api: DescribedClient, caller: Caller, other_api: DescribedClient, other_caller: Caller
) -> None:
    assert with_key(api, "activations", statement(caller)).status_code == 202
    answer = with_key(other_api, "activations", statement(other_caller))
    assert (answer.status_code, is_replay(answer)) == (202, False)
    assert Statement.objects.count() == 2


def test_the_same_key_and_body_at_another_address_is_another_key(
    api: DescribedClient, caller: Caller
) -> None:
    with_key(api, "activations", statement(caller))
    answer = with_key(api, "deactivations", statement(caller))
    assert kind_of_problem(answer) == (409, "client-id-conflict")
    assert not is_replay(answer)


@pytest.mark.parametrize("number", [1, 50])
def test_a_key_costs_the_same_few_queries_however_much_is_sent(
    api: DescribedClient, caller: Caller, number: int
) -> None:
    def body(named: str) -> dict[str, Any]:
        return readings(caller, *(reading(f"{named}-{n}", f"p-{n}") for n in range(number)))

    post(api, "measurements", body("before"))
    without = queries_of(lambda: post(api, "measurements", body("without")))
    # A transaction around the handler's own, the lock, a look for the answer, and the answer.
    assert queries_of(lambda: with_key(api, "measurements", body("with"))) == without + 5
    # Who asks and the replay, in a transaction.
    with CaptureQueriesContext(connection) as captured:
        assert is_replay(with_key(api, "measurements", body("with")))
    assert len(captured) == 5
    assert Measurement.objects.count() == 3 * number


def test_the_workers_are_rung_for_once_it_is_committed(
    api: DescribedClient, caller: Caller, django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks() as with_a_key:
        with_key(api, "activations", statement(caller))
    with django_capture_on_commit_callbacks() as replayed:
        with_key(api, "activations", statement(caller))
    with django_capture_on_commit_callbacks() as without_a_key:
        post(api, "activations", statement(caller, "s-2"))
    assert len(with_a_key) == len(without_a_key) > 0
    assert not replayed
