"""The trend of the pulse against the standard library's regression."""

from statistics import linear_regression
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.observations.library.running import agree, result

READING = st.tuples(st.integers(0, 24 * 60 - 1), st.integers(40, 180))


@given(st.lists(READING, max_size=40))
@settings(max_examples=500, deadline=None)
def test_the_trend_is_the_slope_of_the_line_through_enough_readings(rows: list[tuple[int, int]]) -> None:
    rows.sort(reverse=True)
    readings = [{"value": value, "hours": minutes / 60, "day": 0} for minutes, value in rows]
    assert agree(result("pulse-trend-24h", {"pulse": readings}), trend(rows))


def trend(rows: list[tuple[int, int]]) -> dict[str, Any] | None:
    if len(rows) < 6 or rows[0][0] - rows[-1][0] < 12 * 60:
        return None
    hours = [-minutes / 60 for minutes, _ in rows]
    return {"result": linear_regression(hours, [value for _, value in rows]).slope}
