"""An `Idempotency-Key` among requests that run at once, and connections that break."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import connection

from clinical_engine.api.models import StoredAnswer
from clinical_engine.common.database import fetch_all
from patients.models import Statement
from patients.services import ensure_patients
from tests.api.bodies import reading, readings, statement
from tests.api.contract import client_of, description
from tests.api.idempotency import assert_replays, kind_of_problem, with_key
from tests.factories import Caller
from tests.patients.concurrency import Threads, somebody_waits_for_a_lock, uncommitted, wait_until
from tests.ports import free_port


@pytest.fixture(autouse=True)
def described() -> None:
    """The description that answers are compared with is there: its making cannot be done by several threads at once."""
    description()


@contextmanager
def held_up(caller: Caller, threads: Threads) -> Iterator[Any]:
    """A request with a key that waits, half done, for a patient's row; it goes on at the end of the block."""
    organisation_id = caller.organisation.id
    with uncommitted(threads, lambda: ensure_patients(organisation_id=organisation_id, external_ids=["p-1"])):
        running = threads.start(with_key, client_of(caller), "activations", statement(caller))
        wait_until(somebody_waits_for_a_lock)
        yield running


def test_a_second_one_is_told_to_come_back_while_the_first_is_worked_on(committed_caller: Caller) -> None:
    api, body = client_of(committed_caller), statement(committed_caller)
    with Threads(2) as threads:
        with held_up(committed_caller, threads) as running:
            answer = with_key(api, "activations", body)
            assert kind_of_problem(answer) == (409, "idempotency-key-in-use")
            assert answer.headers["Retry-After"] == "1"
        first = running.result()
    assert first.json()["outcome"] == "accepted"
    assert_replays(with_key(api, "activations", body), first)
    assert Statement.objects.count() == 1


def test_other_keys_and_addresses_are_not_held_up(committed_caller: Caller) -> None:
    api = client_of(committed_caller)
    with Threads(2) as threads, held_up(committed_caller, threads):
        elsewhere = readings(committed_caller, reading(external_id="p-2"))
        assert with_key(api, "measurements", elsewhere).status_code == 202
        other = statement(committed_caller, "s-2", "p-2")
        assert with_key(api, "activations", other, "another key").status_code == 400
        assert with_key(api, "activations", other, "another-key").status_code == 202


def test_a_request_whose_connection_breaks_half_way_leaves_its_key_free(committed_caller: Caller) -> None:
    api, body = client_of(committed_caller), statement(committed_caller)
    with Threads(2) as threads:
        with held_up(committed_caller, threads) as running:
            ended = fetch_all(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND wait_event_type = 'Lock'"
            )
            assert ended == [(True,)]
            assert kind_of_problem(running.result()) == (503, "try-again")
        assert not Statement.objects.exists()
        assert not StoredAnswer.objects.exists()
        answer = with_key(api, "activations", body)
    assert answer.json()["outcome"] == "accepted"
    assert_replays(with_key(api, "activations", body), answer)


def test_a_database_that_is_away_is_told_of_and_the_key_stays_free(
    committed_caller: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    api, body = client_of(committed_caller), statement(committed_caller)
    connection.close()
    with monkeypatch.context() as away:
        away.setitem(connection.settings_dict, "HOST", "127.0.0.1")
        away.setitem(connection.settings_dict, "PORT", str(free_port()))
        answer = with_key(api, "activations", body)
    assert kind_of_problem(answer) == (503, "try-again")
    assert answer.headers["Retry-After"] == "1"
    connection.close()
    assert with_key(api, "activations", body).json()["outcome"] == "accepted"


def test_many_at_once_do_it_once(committed_caller: Caller) -> None:
    number, body = 6, readings(committed_caller, *(reading(f"m-{n}", f"p-{n}") for n in range(20)))
    with Threads(number) as threads:
        running = [
            threads.start(with_key, client_of(committed_caller), "measurements", body) for _ in range(number)
        ]
        answers = [each.result() for each in running]
    done = [answer for answer in answers if answer.status_code == 202]
    assert len({answer.content for answer in done}) == 1
    assert sum("Idempotent-Replayed" not in answer.headers for answer in done) == 1
    assert {kind_of_problem(each) for each in answers if each not in done} <= {
        (409, "idempotency-key-in-use")
    }
