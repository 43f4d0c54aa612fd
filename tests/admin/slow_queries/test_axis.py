"""Axes of plots, whatever they have to show."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinical_engine.profiling.admin.plots.axis import from_nothing, logarithmic

NUMBERS = st.lists(st.floats(0, 1e15), min_size=1, max_size=30)


@given(NUMBERS)
def test_every_number_stands_within_and_in_order(values: list[float]) -> None:
    for axis in (from_nothing(values), logarithmic(values)):
        places = [axis.place(value) for value in sorted(values)]
        assert all(0 <= place <= 100 for place in places)
        assert places == sorted(places)


@given(NUMBERS)
def test_an_axis_has_a_few_round_numbers_beside_it(values: list[float]) -> None:
    for axis in (from_nothing(values), logarithmic(values)):
        ticks = axis.ticks(str)
        assert 1 <= len(ticks) <= 6
        assert all(0 <= place <= 100 for place, _ in ticks)


def test_an_axis_on_which_all_is_nothing_has_whole_numbers_beside_it() -> None:
    assert [words for _, words in from_nothing([0.0, 0.0]).ticks(str)] == ["0.0", "1.0", "2.0", "3.0", "4.0"]


def test_a_power_is_a_straight_line_on_logarithmic_axes() -> None:
    across, up = logarithmic([10, 1_000]), logarithmic([100, 1_000_000])
    heights = [up.place(x**2) for x in across.between(5)]
    steps = [after - before for before, after in pairwise(heights)]
    assert steps == pytest.approx([steps[0]] * len(steps))
