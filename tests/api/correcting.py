"""Corrections as the vitals app would send them."""

from typing import Any

from observations.models import Observation
from tests.api.bodies import outcomes, post, reading, readings
from tests.api.contract import DescribedClient
from tests.factories import Caller

WRONG_PATIENT = "The cuff was on somebody else"


def send(api: DescribedClient, caller: Caller, *items: dict[str, Any]) -> list[str]:
    return outcomes(post(api, "measurements", readings(caller, *items)))


def correction(client_id: str, replaces: str, value: int = 120, **fields: Any) -> dict[str, Any]:
    return reading(client_id, value=value, replaces=replaces, **fields)


def retract(api: DescribedClient, caller: Caller, client_id: str, reason: str = WRONG_PATIENT) -> Any:
    body = {"organisation": str(caller.organisation.id), "client_id": client_id, "reason": reason}
    return post(api, "measurements/entered-in-error", body)


def retract_by_id(api: DescribedClient, measurement: object, reason: str = WRONG_PATIENT) -> Any:
    return post(api, f"measurements/{measurement}/entered-in-error", {"reason": reason})


def superseded() -> list[str]:
    rows = Observation.objects.exclude(superseded_at=None).order_by("superseded_at", "id")
    return [row.superseded_because for row in rows]
