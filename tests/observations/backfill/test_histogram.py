"""How differences are spread."""

import math

from hypothesis import given
from hypothesis import strategies as st

from observations.backfill.histogram import MAX_BINS, Bin, Histogram

differences = st.lists(
    st.floats(-1e6, 1e6, allow_nan=False).filter(lambda each: each == 0 or abs(each) > 1e-6),
    min_size=1,
    max_size=50,
)


def spread(*portions: list[float]) -> Histogram:
    histogram = Histogram()
    for portion in portions:
        histogram.add(portion)
        histogram = Histogram.stored(histogram.as_json)
    return histogram


def test_bins_are_as_fine_as_thirty_of_them_allow_and_reach_to_zero() -> None:
    assert spread([0.3, 0.3, 0.5]).bins()[-1] == Bin(0.5, 0.52, 1)
    bins = spread([2, 2, 3, -1]).bins()
    assert [each for each in bins if each.number] == [Bin(-1, -0.8, 1), Bin(2, 2.2, 2), Bin(3, 3.2, 1)]
    assert bins[0].low == -1
    assert spread([1000, 1001]).bins()[0] == Bin(0, 100, 0)


def test_nothing_has_no_bins() -> None:
    assert spread().bins() == spread([]).bins() == []


@given(first=differences, second=differences)
def test_portions_in_any_order_give_what_all_at_once_gives(first: list[float], second: list[float]) -> None:
    whole = spread(first + second).bins()
    assert [(each.low, each.number) for each in spread(second, first).bins()] == [
        (each.low, each.number) for each in whole
    ]
    assert sum(each.number for each in whole) == len(first) + len(second)
    assert len(whole) <= MAX_BINS
    for difference in first:
        assert any(
            each.number
            and (
                each.low <= difference < each.high
                or math.isclose(difference, each.low, abs_tol=1e-6 * (each.high - each.low))
            )
            for each in whole
        )
