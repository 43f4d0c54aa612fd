"""NEWS2 and MEWS against the tables of their publications, written down a second time."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from observations.scripts.library.early_warning import (
    ALERT,
    CONFUSED,
    NORMAL,
    PAIN,
    UNRESPONSIVE,
    VOICE,
)
from tests.observations.library.running import agree, result

ANSWERS = [ALERT, CONFUSED, VOICE, PAIN, UNRESPONSIVE]
OBSERVATIONS = {
    "respiration_rate": st.integers(3, 60),
    "systolic_bp": st.integers(40, 300),
    "pulse": st.integers(20, 250),
    "consciousness": st.sampled_from(ANSWERS),
    "temperature": st.integers(320, 420).map(lambda tenths: tenths / 10),
}
NEWS2_INPUTS = st.fixed_dictionaries(
    {
        **OBSERVATIONS,
        "spo2": st.integers(70, 100),
        "on_oxygen": st.booleans(),
        "spo2_scale": st.sampled_from([1, 2]),
        "age": st.none() | st.integers(0, 110),
    }
)
# (points, the lowest, the highest) as the rows of the chart have them, in its steps.
Rows = list[tuple[int, float, float]]
LOW, HIGH = float("-inf"), float("inf")
RESPIRATION: Rows = [(3, LOW, 8), (1, 9, 11), (0, 12, 20), (2, 21, 24), (3, 25, HIGH)]
SCALE_1: Rows = [(3, LOW, 91), (2, 92, 93), (1, 94, 95), (0, 96, HIGH)]
SCALE_2_ON_AIR: Rows = [(3, LOW, 83), (2, 84, 85), (1, 86, 87), (0, 88, HIGH)]
SCALE_2_ON_OXYGEN: Rows = [
    (3, LOW, 83),
    (2, 84, 85),
    (1, 86, 87),
    (0, 88, 92),
    (1, 93, 94),
    (2, 95, 96),
    (3, 97, HIGH),
]
SYSTOLIC: Rows = [(3, LOW, 90), (2, 91, 100), (1, 101, 110), (0, 111, 219), (3, 220, HIGH)]
PULSE: Rows = [(3, LOW, 40), (1, 41, 50), (0, 51, 90), (1, 91, 110), (2, 111, 130), (3, 131, HIGH)]
TEMPERATURE: Rows = [(3, LOW, 35.0), (1, 35.1, 36.0), (0, 36.1, 38.0), (1, 38.1, 39.0), (2, 39.1, HIGH)]

MEWS_SYSTOLIC: Rows = [(3, LOW, 70), (2, 71, 80), (1, 81, 100), (0, 101, 199), (2, 200, HIGH)]
MEWS_PULSE: Rows = [(2, LOW, 40), (1, 41, 50), (0, 51, 100), (1, 101, 110), (2, 111, 129), (3, 130, HIGH)]
MEWS_RESPIRATION: Rows = [(2, LOW, 8), (0, 9, 14), (1, 15, 20), (2, 21, 29), (3, 30, HIGH)]
MEWS_TEMPERATURE: Rows = [(2, LOW, 34.9), (0, 35.0, 38.4), (2, 38.5, HIGH)]


def points(rows: Rows, value: float) -> int:
    [found] = [count for count, lowest, highest in rows if lowest <= value <= highest]
    return found


def news2(given: dict[str, Any]) -> dict[str, Any] | None:
    if given["age"] is not None and given["age"] < 16:
        return None
    scale_2 = SCALE_2_ON_OXYGEN if given["on_oxygen"] else SCALE_2_ON_AIR
    each = [
        points(RESPIRATION, given["respiration_rate"]),
        points(scale_2 if given["spo2_scale"] == 2 else SCALE_1, given["spo2"]),
        2 if given["on_oxygen"] else 0,
        points(SYSTOLIC, given["systolic_bp"]),
        points(PULSE, given["pulse"]),
        0 if given["consciousness"] == ALERT else 3,
        points(TEMPERATURE, given["temperature"]),
    ]
    if sum(each) >= 7:
        return {"score": sum(each), "risk": "high", "interpretation": "critical"}
    if sum(each) >= 5:
        return {"score": sum(each), "risk": "medium", "interpretation": "abnormal"}
    if max(each) == 3:
        return {"score": sum(each), "risk": "low-medium", "interpretation": "abnormal"}
    return {"score": sum(each), "risk": "low", "interpretation": "normal"}


def mews(given: dict[str, Any]) -> dict[str, Any] | None:
    if given["consciousness"] == CONFUSED:
        return None
    score = (
        points(MEWS_SYSTOLIC, given["systolic_bp"])
        + points(MEWS_PULSE, given["pulse"])
        + points(MEWS_RESPIRATION, given["respiration_rate"])
        + points(MEWS_TEMPERATURE, given["temperature"])
        + [ALERT, VOICE, PAIN, UNRESPONSIVE].index(given["consciousness"])
    )
    return {"score": score, "interpretation": "critical" if score >= 5 else "normal"}


@given(NEWS2_INPUTS)
@settings(max_examples=1000, deadline=None)
def test_news2_is_what_the_chart_gives(inputs: dict[str, Any]) -> None:
    assert agree(result("news2", inputs), news2(inputs))


@given(st.fixed_dictionaries(OBSERVATIONS))
@settings(max_examples=1000, deadline=None)
def test_mews_is_what_the_table_gives(inputs: dict[str, Any]) -> None:
    assert agree(result("mews", inputs), mews(inputs))


HEALTHY = NORMAL | {"spo2": 98, "on_oxygen": False}


@pytest.mark.parametrize(
    ("temperature", "score"), [(35.04, 3), (35.06, 1), (38.04, 0), (38.06, 1), (39.04, 1), (39.06, 2)]
)
def test_news2_brings_a_temperature_to_the_steps_of_the_chart_first(temperature: float, score: int) -> None:
    found = result("news2", HEALTHY | {"temperature": temperature})
    assert found is not None
    assert found["score"] == score


def test_the_saturation_scale_is_the_first_unless_a_fact_says_otherwise() -> None:
    assert agree(
        result("news2", HEALTHY | {"spo2": 90}), news2({**HEALTHY, "spo2": 90, "spo2_scale": 1, "age": None})
    )
    assert result("news2", HEALTHY | {"spo2": 90}) != result("news2", HEALTHY | {"spo2": 90, "spo2_scale": 2})
