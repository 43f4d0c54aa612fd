"""Mean arterial pressure and the week at home against plain Python."""

from statistics import fmean
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.observations.library.running import agree, result


@given(st.integers(40, 300), st.integers(20, 200))
@settings(max_examples=300, deadline=None)
def test_the_mean_pressure_is_a_third_of_the_way_up(systolic: int, diastolic: int) -> None:
    found = result("mean-arterial-pressure", {"bp": {"systolic": systolic, "diastolic": diastolic}})
    expected = {"result": (2 * diastolic + systolic) / 3} if systolic >= diastolic else None
    assert agree(found, expected)


READING = st.fixed_dictionaries(
    {"systolic": st.integers(100, 170), "diastolic": st.integers(60, 110), "day": st.integers(0, 7)}
)


@given(st.lists(READING, max_size=40))
@settings(max_examples=600, deadline=None)
def test_the_average_leaves_out_the_first_of_seven_days_and_wants_twelve_readings_of_three(
    readings: list[dict[str, Any]],
) -> None:
    for reading in readings:
        reading["hours"] = 24.0 * reading["day"]
    readings.sort(key=lambda reading: -reading["day"])
    assert agree(result("home-blood-pressure-7d", {"readings": readings}), average(readings))


def average(readings: list[dict[str, Any]]) -> dict[str, Any] | None:
    by_day: dict[int, list[tuple[int, int]]] = {}
    for reading in readings:
        if reading["day"] < 7:
            by_day.setdefault(reading["day"], []).append((reading["systolic"], reading["diastolic"]))
    if by_day:
        del by_day[max(by_day)]
    kept = [pair for pairs in by_day.values() for pair in pairs]
    if len(by_day) < 3 or len(kept) < 12:
        return None
    systolic, diastolic = (fmean(values) for values in zip(*kept, strict=True))
    is_high = systolic >= 135 or diastolic >= 85
    return {
        "systolic": systolic,
        "diastolic": diastolic,
        "readings": len(kept),
        "interpretation": "abnormal" if is_high else "normal",
    }
