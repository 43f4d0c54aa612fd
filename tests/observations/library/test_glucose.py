"""The measures of glucose over 7 and 14 days against plain Python."""

from collections.abc import Callable
from statistics import fmean, stdev
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.observations.library.running import agree, result

VALUE = st.integers(20, 500)


def share(values: list[int], belongs: Callable[[int], bool]) -> float:
    return 100 * sum(map(belongs, values)) / len(values)


@given(st.lists(VALUE, max_size=60))
@settings(max_examples=300, deadline=None)
def test_over_seven_days_it_is_the_mean_and_the_share_in_range(values: list[int]) -> None:
    expected = (
        {"mean": fmean(values), "in_range": share(values, lambda value: 70 <= value <= 180)}
        if values
        else None
    )
    assert agree(result("glucose-7d", {"glucose": values}), expected)


@st.composite
def measured(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Readings of a person who is mostly in range, or is not."""
    value = draw(st.sampled_from([VALUE, st.integers(80, 160), st.integers(60, 190)]))
    rows = draw(st.lists(st.tuples(value, st.integers(0, 14)), max_size=90))
    rows.sort(key=lambda row: -row[1])
    return [{"value": value, "hours": 24.0 * day, "day": day} for value, day in rows]


@given(measured())
@settings(max_examples=600, deadline=None)
def test_over_fourteen_days_it_is_what_the_consensus_defines(readings: list[dict[str, Any]]) -> None:
    assert agree(result("glucose-14d", {"readings": readings}), consensus(readings))


def consensus(readings: list[dict[str, Any]]) -> dict[str, Any] | None:
    values = [reading["value"] for reading in readings]
    if len(values) < 40 or len({reading["day"] for reading in readings}) < 10:
        return None
    found = {
        "mean": fmean(values),
        "cv": 100 * stdev(values) / fmean(values),
        "gmi": 3.31 + 0.02392 * fmean(values),
        "very_low": share(values, lambda value: value < 54),
        "low": share(values, lambda value: value < 70),
        "in_range": share(values, lambda value: 70 <= value <= 180),
        "high": share(values, lambda value: value > 180),
        "very_high": share(values, lambda value: value > 250),
    }
    on_target = (
        found["in_range"] > 70
        and found["low"] < 4
        and found["very_low"] < 1
        and found["high"] < 25
        and found["very_high"] < 5
        and found["cv"] <= 36
    )
    return {**found, "readings": len(values), "interpretation": "normal" if on_target else "abnormal"}
