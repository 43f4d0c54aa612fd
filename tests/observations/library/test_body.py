"""Body mass index, its classes and weight gain against plain Python."""

from fractions import Fraction
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.observations.library.running import agree, result


@given(
    st.integers(3, 3000).map(lambda tenths: tenths / 10),
    st.integers(50, 250),
    st.none() | st.integers(0, 100),
)
@settings(max_examples=500, deadline=None)
def test_the_index_is_weight_by_height_squared_of_whoever_is_not_known_to_be_a_child(
    weight: float, height: int, age: int | None
) -> None:
    expected = (
        None if age is not None and age < 18 else {"result": float(Fraction(weight) * 10000 / height**2)}
    )
    assert agree(result("bmi", {"weight": weight, "height": height, "age": age}), expected)


CLASSES = [
    ("underweight", 0, 18.50),
    ("normal", 18.50, 25.00),
    ("pre-obese", 25.00, 30.00),
    ("obese-1", 30.00, 35.00),
    ("obese-2", 35.00, 40.00),
    ("obese-3", 40.00, 1000),
]


@given(st.integers(800, 7000), st.integers(0, 100))
@settings(max_examples=500, deadline=None)
def test_the_class_is_the_one_of_the_table(hundredths: int, age: int) -> None:
    bmi = hundredths / 100
    [name] = [name for name, lowest, beyond in CLASSES if lowest <= bmi < beyond]
    expected = (
        None if age < 20 else {"class": name, "interpretation": "normal" if name == "normal" else "abnormal"}
    )
    assert agree(result("bmi-class", {"bmi": bmi, "age": age}), expected)


@st.composite
def weighed(draw: st.DrawFn) -> list[dict[str, float]]:
    """Weights of some days, the oldest first; the last of them is the newest and of day 0."""
    rows = draw(st.lists(st.tuples(st.integers(0, 4), st.integers(600, 1200)), min_size=1, max_size=12))
    rows.sort(key=lambda row: -row[0])
    found = [
        {"value": tenths / 10, "hours": float(24 * day + len(rows) - position), "day": day}
        for position, (day, tenths) in enumerate(rows)
    ]
    return [*found, {"value": draw(st.integers(600, 1200)) / 10, "hours": 0.0, "day": 0}]


@given(weighed())
@settings(max_examples=500, deadline=None)
def test_the_gain_is_over_the_lowest_weight_of_the_three_days_before(weights: list[dict[str, float]]) -> None:
    assert agree(result("weight-gain-3d", {"weights": weights}), gain(weights))


def gain(weights: list[dict[str, float]]) -> dict[str, Any] | None:
    before = [row["value"] for row in weights if row["day"] in (1, 2, 3)]
    if not before:
        return None
    tenths = round(10 * weights[-1]["value"]) - round(10 * min(before))
    return {"gain": tenths / 10, "interpretation": "abnormal" if tenths > 20 else "normal"}
