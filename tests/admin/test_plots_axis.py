"""The numbers beside a plot: round, few, and short enough to leave the unit its room."""

from collections.abc import Callable
from decimal import Decimal

import pytest
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from observations.admin.plots.axis import axis_over
from observations.admin.plots.page import PAGE
from patients.models import Patient
from tests.admin import world
from tests.admin.browser import browsing, log_in, serving
from tests.admin.narrow import boxes, lie_over_each_other
from tests.admin.plotted import WEIGHT, active_for_ten_days, pulse, reading
from tests.observations.facts import record


def texts(*values: float) -> list[str]:
    return [text for _, text in axis_over(values, []).ticks()]


@pytest.mark.parametrize("zero", [0.0, -0.0])
def test_of_nothing_but_zeros_the_axis_goes_from_one_below_to_one_above(zero: float) -> None:
    assert texts(zero, zero) == ["-1.0", "-0.5", "0.0", "0.5", "1.0"]


@pytest.mark.parametrize(
    ("values", "written"),
    [
        ((60, 70), ["60", "65", "70"]),
        ((0, 0.003), ["0.000", "0.001", "0.002", "0.003"]),
        ((0, 0.000_01), ["0", "5e-6", "1.0e-5"]),
        ((1e-300,), ["-1.0e-6", "-5e-7", "0", "5e-7", "1.0e-6"]),
        ((1e7, 2.5e7), ["1.0e7", "1.5e7", "2.0e7", "2.5e7"]),
        ((-1e7, 1e7), ["-1.0e7", "-5e6", "0", "5e6", "1.0e7"]),
        ((1e15,), ["9.8e14", "9.9e14", "1.00e15", "1.01e15", "1.02e15"]),
    ],
)
def test_a_number_of_many_digits_is_written_with_its_power_of_ten(
    values: tuple[float, ...], written: list[str]
) -> None:
    assert texts(*values) == written


@given(st.lists(st.floats(-1e15, 1e15), min_size=1, max_size=4))
def test_every_number_beside_the_axis_is_what_stands_at_its_place(values: list[float]) -> None:
    axis = axis_over(values, [])
    ticks = axis.ticks()
    assert 2 <= len(ticks) <= 7
    assert len({text for _, text in ticks}) == len(ticks)
    for place, text in ticks:
        assert axis.place(float(text)) == pytest.approx(place, abs=1e-3)
        assert len(text) <= 8


@pytest.mark.usefixtures("committed_db")
def test_of_zeros_no_number_lies_over_the_unit(work: Callable[[], int]) -> None:
    north = active_for_ten_days()
    record(north, pulse(0), pulse(0, 30), reading(WEIGHT, Decimal("0.0"), "kg"))
    work()
    key, user = Patient.objects.get().pk, world.account("Clinical support")
    with serving() as address, browsing(address) as page:
        log_in(page, user.username, world.PASSWORD)
        page.goto(reverse(PAGE, args=[key]))
        lanes = page.locator(".ce-lane", has=page.locator(".ce-plot-unit")).all()
        assert len(lanes) == 2
        for lane in lanes:
            [unit] = boxes(lane.locator(".ce-plot-unit"))
            ticks = boxes(lane.locator(".ce-plot-tick"))
            assert len(ticks) > 2
            assert not [tick for tick in ticks if lie_over_each_other(tick, unit)], lane.inner_text()
