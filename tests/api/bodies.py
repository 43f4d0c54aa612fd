"""Request bodies as the vitals app would send them."""

from datetime import datetime
from typing import Any

from django.test import Client

from submitters.models import Submitter
from tests.factories import NOON, Caller


def statement(
    caller: Caller, client_id: str = "s-1", external_id: str = "p-1", **fields: Any
) -> dict[str, Any]:
    return {
        "client_id": client_id,
        "submitter": str(caller.submitter.id),
        "external_id": external_id,
        "effective_at": "2026-03-01T00:00:00+01:00",
        **fields,
    }


def batch(caller: Caller, *items: Any, **fields: Any) -> dict[str, Any]:
    return {"submitter": str(caller.submitter.id), "statements": list(items), **fields}


def item(client_id: str = "s-1", external_id: str = "p-1", **fields: Any) -> dict[str, Any]:
    """A statement of a batch."""
    return {
        "client_id": client_id,
        "external_id": external_id,
        "effective_at": "2026-03-01T00:00:00+01:00",
        **fields,
    }


def move(caller: Caller, to: Submitter, client_id: str = "v-1", **fields: Any) -> dict[str, Any]:
    return {
        "client_id": client_id,
        "external_id": "p-1",
        "from_submitter": str(caller.submitter.id),
        "to_submitter": str(to.id),
        "effective_at": "2026-06-01T00:00:00+02:00",
        **fields,
    }


def reading(client_id: str = "m-1", external_id: str = "p-1", **fields: Any) -> dict[str, Any]:
    return {
        "client_id": client_id,
        "external_id": external_id,
        "code": "2339-0",
        "value": 100,
        "unit": "mg/dL",
        "measured_at": NOON.isoformat(),
        **fields,
    }


def readings(caller: Caller, *items: Any) -> dict[str, Any]:
    return {"organisation": str(caller.organisation.id), "measurements": list(items)}


def fact(
    client_id: str = "f-1", name: str = "sex", value: object = "female", **fields: Any
) -> dict[str, Any]:
    return {
        "client_id": client_id,
        "external_id": "p-1",
        "name": name,
        "value": value,
        "effective_from": "2026-03-01T00:00:00+01:00",
        **fields,
    }


def facts(caller: Caller, *items: Any) -> dict[str, Any]:
    return {"organisation": str(caller.organisation.id), "facts": list(items)}


def at(time: datetime) -> str:
    return time.isoformat()


def post(api: Client, path: str, body: Any) -> Any:
    """The answer to a body, which is sent as it is when it is text or bytes."""
    return api.post(f"/api/v1/{path}", body, content_type="application/json")


def outcomes(answer: Any) -> list[str]:
    return [result["outcome"] for result in answer.json()["results"]]


def errors(answer: Any) -> list[tuple[int, str, str]]:
    return [(error["item"], error["field"], error["code"]) for error in answer.json().get("errors", [])]
