"""Requests with an `Idempotency-Key`."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from django.test import Client

from observations.models import Measurement
from patients.models import PatientFact
from tests import factories
from tests.api.bodies import batch, fact, facts, item, move, post, reading, readings, statement
from tests.api.contract import client_of
from tests.factories import Caller

KEY = "8e03978e-40d5-43dd-bc93-6894a57f9324"
PROBLEM = "urn:clinical-engine:problem"
Sent = tuple[str, dict[str, Any]]


def with_key(api: Client, path: str, body: Any, key: str = KEY) -> Any:
    content = body if isinstance(body, (str, bytes)) else json.dumps(body)
    return api.post(
        f"/api/v1/{path}", content, content_type="application/json", headers={"Idempotency-Key": key}
    )


def _stored(caller: Caller) -> Measurement:
    assert post(client_of(caller), "measurements", readings(caller, reading())).status_code == 202
    return Measurement.objects.get()


def _stored_fact(caller: Caller) -> PatientFact:
    assert post(client_of(caller), "facts", facts(caller, fact())).status_code == 202
    return PatientFact.objects.get()


# Whatever changes something: path and body of a request that is accepted.
REQUESTS: Mapping[str, Callable[[Caller], Sent]] = {
    "activate": lambda caller: ("activations", statement(caller)),
    "deactivate": lambda caller: ("deactivations", statement(caller)),
    "activate_batch": lambda caller: ("activations/batch", batch(caller, item())),
    "deactivate_batch": lambda caller: ("deactivations/batch", batch(caller, item())),
    "move": lambda caller: ("moves", move(caller, factories.submitter(caller.organisation))),
    "send_measurements": lambda caller: ("measurements", readings(caller, reading())),
    "enter_in_error": lambda caller: (
        f"measurements/{_stored(caller).id}/entered-in-error",
        {"reason": "The wrong patient"},
    ),
    "enter_in_error_by_client_id": lambda caller: (
        "measurements/entered-in-error",
        {"organisation": str(caller.organisation.id), "client_id": "m-1", "reason": "The wrong patient"},
    ),
    "send_facts": lambda caller: ("facts", facts(caller, fact())),
    "enter_fact_in_error": lambda caller: (
        f"facts/{_stored_fact(caller).id}/entered-in-error",
        {"reason": "The wrong patient"},
    ),
    "enter_fact_in_error_by_client_id": lambda caller: (
        "facts/entered-in-error",
        {"organisation": str(caller.organisation.id), "client_id": "f-1", "reason": "The wrong patient"},
    ),
}


def is_replay(answer: Any) -> bool:
    return bool(answer.headers.get("Idempotent-Replayed") == "true")


def assert_replays(again: Any, first: Any) -> None:
    """Fail unless the one is the other, said again."""
    assert not is_replay(first)
    assert is_replay(again)
    assert (again.status_code, again.content) == (first.status_code, first.content)
    for name in ("Content-Type", "Location"):
        assert again.headers.get(name) == first.headers.get(name)


def kind_of_problem(answer: Any) -> tuple[int, str]:
    """The status, and what the type ends in."""
    return answer.status_code, answer.json()["type"].removeprefix(f"{PROBLEM}:")
