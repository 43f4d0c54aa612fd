"""Whether the simulator sees what is missing and what differs in what it reads back."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from observations.simulator.actions import Composed, Patient, Single
from observations.simulator.comparing import compare
from observations.simulator.expectation import expected_of
from observations.simulator.finding import Found
from tests.observations.simulator.facts import day, glucose, measure, state

PRESSURE = Composed("85354-9", [Single("8480-6", Decimal(120), "mm[Hg]", 120.0)])


def simulated() -> Patient:
    patient = Patient("p-1")
    state(patient, 0)
    measure(patient, 1, glucose(100), client_id="a")
    measure(patient, 2, glucose(200), client_id="b")
    measure(patient, 3, PRESSURE, client_id="c")
    return patient


def engine() -> dict[str, Any]:
    """What a right engine says of that patient."""
    return {
        "patient": {
            "linked": True,
            "associations": [{"associated_at": "2026-03-10T12:00:00Z", "dissociated_at": None}],
            "waiting_statements": [],
            "held_measurements": {"count": 0},
            "last_job": {"finished": True},
        },
        "measurements": [
            _measurement("a", 1, value=100, unit="mg/dL", canonical_value=100),
            _measurement("b", 2, value=200, unit="mg/dL", canonical_value=200),
            _measurement("c", 3, code="85354-9", value=None, components=[_part()]),
        ],
        "observations": [_observation(1, ["a"], 100, 100), _observation(2, ["a", "b"], 150, 50)],
    }


def _part(**fields: Any) -> dict[str, Any]:
    return {"code": "8480-6", "value": 120, "unit": "mm[Hg]", "canonical_value": 120, **fields}


def _measurement(name: str, number: int, **fields: Any) -> dict[str, Any]:
    given = {
        "id": f"id-of-{name}",
        "client_id": name,
        "code": "2339-0",
        "measured_at": day(number).isoformat(),
        "status": "counted",
        "replaces": "",
        "implausible": False,
        "components": [],
    }
    return {**given, **fields}


def _observation(number: int, names: list[str], mean: float, in_range: float) -> dict[str, Any]:
    return {
        "script": "glucose-7d",
        "as_of": day(number).isoformat(),
        "derived_from": [f"id-of-{name}" for name in names],
        "value": {"mean": mean, "in_range": in_range},
    }


def whats(found: dict[str, Any]) -> list[str]:
    patient = simulated()
    return [difference.what for difference in compare(patient, expected_of(patient), Found(**found))]


def test_of_a_right_engine_nothing_differs() -> None:
    assert whats(engine()) == []


def test_a_value_that_differs_in_the_tenth_digit_is_the_same() -> None:
    found = engine()
    found["observations"][1]["value"]["mean"] += 1e-10
    assert whats(found) == []


def test_other_scripts_are_left_alone() -> None:
    found = engine()
    found["observations"].append({**_observation(3, [], 1, 1), "script": "another"})
    assert whats(found) == []


def test_a_patient_who_is_not_there_is_missing() -> None:
    patient = simulated()
    [difference] = compare(patient, expected_of(patient), Found(None))
    assert str(difference) == "p-1: the patient should be there, is missing"


@pytest.mark.parametrize(
    ("spoil", "whats_wrong"),
    [
        (lambda found: found["patient"]["associations"].clear(), ["its links"]),
        (lambda found: found["patient"].update(linked=False), ["whether it is linked"]),
        (lambda found: found["patient"]["waiting_statements"].append({}), ["its waiting statements"]),
        (
            lambda found: found["patient"]["held_measurements"].update(count=1),
            ["the number of its held readings"],
        ),
        (lambda found: found["measurements"].pop(), ["the reading"]),
        (lambda found: found["measurements"].append(_measurement("d", 1)), ["the reading"]),
        (
            lambda found: found["measurements"].append(found["measurements"][0]),
            ["its readings in the list"],
        ),
        (lambda found: found["measurements"][0].update(id="other"), ["its id"]),
        (lambda found: found["measurements"][0].update(status="held"), ["its status"]),
        (lambda found: found["measurements"][0].update(value=101), ["the value of 2339-0"]),
        (lambda found: found["measurements"][0].update(unit="mmol/L"), ["the unit of 2339-0"]),
        (
            lambda found: found["measurements"][0].update(canonical_value=None),
            ["the canonical value of 2339-0"],
        ),
        (lambda found: found["measurements"][0].update(replaces="x"), ["what it replaces"]),
        (lambda found: found["measurements"][0].update(implausible=True), ["whether it is implausible"]),
        (lambda found: found["measurements"][0].update(measured_at="2026-03-10"), ["its time"]),
        (lambda found: found["measurements"][2].update(components=[]), ["its components"]),
        (
            lambda found: found["measurements"][2].update(components=[_part(value=121)]),
            ["the value of 8480-6"],
        ),
        (lambda found: found["observations"].pop(), ["the observation"]),
        (lambda found: found["observations"].append(_observation(3, ["b"], 1, 1)), ["the observation"]),
        (
            lambda found: found["observations"].append(found["observations"][0]),
            ["its current glucose-7d by time"],
        ),
        (
            lambda found: found["observations"][1]["derived_from"].reverse(),
            ["what it was computed from"],
        ),
        (lambda found: found["observations"][1]["value"].update(mean=150.001), ["its mean"]),
        (lambda found: found["observations"][1]["value"].update(in_range=51), ["its in_range"]),
        (lambda found: found["observations"][1].update(value=None), ["its mean", "its in_range"]),
    ],
)
def test_whatever_is_spoilt_is_seen(spoil: Callable[[dict[str, Any]], Any], whats_wrong: list[str]) -> None:
    found = engine()
    spoil(found)
    assert whats(found) == whats_wrong
