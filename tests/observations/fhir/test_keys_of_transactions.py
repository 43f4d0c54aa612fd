"""Transactions with an `Idempotency-Key`: what was stored is answered once, what was not leaves the key free."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from clinical_engine.api.models import StoredAnswer
from observations.models import Measurement, RefusalCount
from patients.services import ensure_patients
from tests import factories
from tests.api.idempotency import assert_replays, is_replay
from tests.factories import Caller
from tests.observations.fhir.bodies import bundle, issues, observation, quantity, send, statuses
from tests.observations.fhir.conftest import ValidatingClient, client_of
from tests.patients.concurrency import Threads, somebody_waits_for_a_lock, uncommitted, wait_until

KEY = {"Idempotency-Key": "first"}


def transaction(*resources: Any) -> dict[str, Any]:
    return bundle(*resources, kind="transaction")


def mended(caller: Caller) -> dict[str, Any]:
    return transaction(observation(caller, "a"), observation(caller, "b"))


def refused(caller: Caller) -> dict[str, Any]:
    return transaction(observation(caller, "a"), observation(caller, "b", status="unknown"))


def problem(answer: Any) -> tuple[int, str]:
    """The status, and our word for the first issue."""
    return answer.status_code, issues(answer.json())[0][1]


def test_one_that_was_stored_is_answered_once(api: ValidatingClient, caller: Caller) -> None:
    first = send(api, mended(caller), **KEY)
    assert statuses(first) == ["201 Created", "201 Created"]
    assert_replays(send(api, mended(caller), **KEY), first)
    assert problem(send(api, refused(caller), **KEY)) == (422, "idempotency-key-reused")


def test_one_that_was_refused_is_worked_on_and_counted_anew_and_can_be_corrected(
    api: ValidatingClient, caller: Caller
) -> None:
    for number in (1, 2):
        answer = send(api, refused(caller), **KEY)
        assert problem(answer) == (422, "status_not_final")
        assert not is_replay(answer)
        assert RefusalCount.objects.get().number == number
    assert not Measurement.objects.exists()
    assert not StoredAnswer.objects.exists()
    first = send(api, mended(caller), **KEY)
    assert statuses(first) == ["201 Created", "201 Created"]
    assert_replays(send(api, mended(caller), **KEY), first)


def test_one_in_conflict_is_worked_on_anew_and_can_be_corrected(
    api: ValidatingClient, caller: Caller
) -> None:
    send(api, bundle(observation(caller, "b", valueQuantity=quantity(101, "mg/dL"))))
    for _ in range(2):
        answer = send(api, mended(caller), **KEY)
        assert problem(answer) == (409, "conflict")
        assert not is_replay(answer)
    assert Measurement.objects.count() == 1
    assert statuses(send(api, transaction(observation(caller, "a")), **KEY)) == ["201 Created"]


def test_a_batch_of_which_an_entry_was_refused_is_kept_with_its_answers(
    api: ValidatingClient, caller: Caller
) -> None:
    body = {**refused(caller), "type": "batch"}
    first = send(api, body, **KEY)
    assert statuses(first) == ["201 Created", "422 Unprocessable Entity"]
    assert_replays(send(api, body, **KEY), first)
    assert RefusalCount.objects.get().number == 1


@pytest.fixture
def committed_caller(committed_db: None) -> Caller:
    """A client in a database in which commits are real."""
    return factories.caller()


@contextmanager
def held_up(caller: Caller, threads: Threads) -> Iterator[Any]:
    """A transaction that is to be refused and waits, half done, for a patient's row; it goes on at the end of the block."""
    organisation_id = caller.organisation.id
    with uncommitted(threads, lambda: ensure_patients(organisation_id=organisation_id, external_ids=["p-1"])):
        running = threads.start(send, client_of(caller), refused(caller), **KEY)
        wait_until(somebody_waits_for_a_lock)
        yield running


def test_a_second_one_is_told_to_come_back_and_then_worked_on_itself(committed_caller: Caller) -> None:
    api = client_of(committed_caller)
    with Threads(2) as threads:
        with held_up(committed_caller, threads) as running:
            for body in (refused(committed_caller), mended(committed_caller)):
                answer = send(api, body, **KEY)
                assert problem(answer) == (409, "idempotency-key-in-use")
                assert answer.headers["Retry-After"] == "1"
        assert problem(running.result()) == (422, "status_not_final")
    assert not Measurement.objects.exists()
    assert RefusalCount.objects.get().number == 1
    assert statuses(send(api, mended(committed_caller), **KEY)) == ["201 Created", "201 Created"]


def test_of_many_at_once_none_is_answered_with_the_refusal_of_another(committed_caller: Caller) -> None:
    number = 6
    with Threads(number) as threads:
        running = [
            threads.start(send, client_of(committed_caller), refused(committed_caller), **KEY)
            for _ in range(number)
        ]
        answers = [each.result() for each in running]
    found = [problem(answer) for answer in answers]
    worked_on = found.count((422, "status_not_final"))
    assert worked_on
    assert found.count((409, "idempotency-key-in-use")) == number - worked_on
    assert not any(map(is_replay, answers))
    assert RefusalCount.objects.get().number == worked_on
    assert not StoredAnswer.objects.exists()
