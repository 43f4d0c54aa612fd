"""What an Observation's status becomes, and what is said of readings that are corrected already."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.factories import Caller
from tests.observations.fhir.bodies import CUFF, bundle, observation, send, statuses
from tests.observations.fhir.conftest import ValidatingClient, link


def replacing(name: str) -> dict[str, Any]:
    """The extension by which an Observation replaces the one of that name."""
    identifier = {"system": CUFF, "value": name}
    return {"url": "urn:clinical-engine:fhir:replaces", "valueIdentifier": identifier}


def shown(api: ValidatingClient, entry: Any) -> Any:
    """The Observation that is read at the place which the entry's answer names."""
    return api.get(f"/fhir/{entry['response']['location']}").json()


def standing(resource: Any) -> str:
    [found] = [each for each in resource["extension"] if each["url"] == "urn:clinical-engine:fhir:standing"]
    return str(found["valueCode"])


@pytest.mark.parametrize("status", ["final", "amended", "corrected"])
@pytest.mark.parametrize(("extension", "read"), [(None, "final"), ([replacing("m-1")], "corrected")])
def test_which_of_the_three_was_sent_is_not_kept(
    api: ValidatingClient, caller: Caller, status: str, extension: Any, read: str
) -> None:
    answer = send(api, bundle(observation(caller, "m-2", status=status, extension=extension)))
    assert shown(api, answer.json()["entry"][0])["status"] == read
    others = [observation(caller, "m-2", status=each, extension=extension) for each in ("final", "amended")]
    assert statuses(send(api, bundle(*others))) == ["200 OK", "200 OK"], "they are the same content"


def correction_of(kind: str, caller: Caller, name: str) -> dict[str, Any]:
    """What takes the measurement of that name back, in one way or the other."""
    if kind == "entered-in-error":
        return observation(caller, name, status=kind)
    return observation(caller, f"{name}-corrected", extension=[replacing(name)])


@pytest.mark.parametrize("outcome", ["accepted", "held"])
@pytest.mark.parametrize("kind", ["entered-in-error", "replaced"])
def test_of_what_a_correction_takes_back_it_is_not_said_that_it_counts(
    api: ValidatingClient, caller: Caller, work: Callable[[], int], outcome: str, kind: str
) -> None:
    if outcome == "accepted":
        link(caller)
        work()
    send(api, bundle(correction_of(kind, caller, "m-1")))
    readings = observation(caller, "m-1"), observation(caller, "m-2")
    # That of the second one comes with it, and behind it.
    answer = send(api, bundle(*readings, correction_of(kind, caller, "m-2")))
    entries = answer.json()["entry"][:2]
    for entry in entries:
        [told] = entry["response"]["outcome"]["issue"]
        assert told["details"]["coding"][0]["code"] == outcome
        assert "unless a correction of it came in before or with it" in told["diagnostics"]
    work()
    assert [standing(shown(api, entry)) for entry in entries] == [kind, kind]


def test_of_what_is_implausible_it_is_not_said_that_it_counts(api: ValidatingClient, caller: Caller) -> None:
    impossible = {**observation(caller)["valueQuantity"], "value": 9_000}
    send(api, bundle(correction_of("entered-in-error", caller, "m-1")))
    [entry] = send(api, bundle(observation(caller, valueQuantity=impossible))).json()["entry"]
    [_, warned] = entry["response"]["outcome"]["issue"]
    assert warned["details"]["coding"][0]["code"] == "implausible"
    assert "counts" not in warned["diagnostics"]
