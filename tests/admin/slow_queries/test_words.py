"""Durations, numbers and headroom as people read them."""

from dataclasses import replace
from datetime import date

import pytest

from clinical_engine.profiling.admin import words
from clinical_engine.profiling.growth.verdicts import Change, Crossing, Measure

CROSSING = Crossing(
    measure=Measure.PARAMETERS,
    driver="open_associations",
    limit=65_535,
    limit_name="the limit of parameters",
    driver_now=30_000,
    driver_at_limit=65_400,
    on=date(2027, 5, 2),
    earliest=date(2027, 3, 1),
    latest=date(2027, 9, 1),
)


@pytest.mark.parametrize(
    ("microseconds", "text"),
    [
        (None, "–"),  # noqa: RUF001 - a dash, as people write it
        (0, "0"),
        (0.5, "under 1 µs"),
        (999, "999 µs"),
        (1_234, "1.23 ms"),
        (12_345, "12.3 ms"),
        (119e6, "119 s"),
        (150e6, "2.5 min"),
        (2 * 3_600e6, "2 h"),
        (36 * 3_600e6, "1.5 d"),
    ],
)
def test_a_duration_has_three_digits_in_the_unit_that_suits_it(microseconds: float | None, text: str) -> None:
    assert words.duration(microseconds) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (0.123, "0.12"),
        (7, "7"),
        (1_249, "1,200"),
        (65_400, "65,000"),
        (1_432_000, "1.4 million"),
        (2.04e9, "2 billion"),
    ],
)
def test_an_estimate_has_two_digits(value: float, text: str) -> None:
    assert words.about(value) == text


@pytest.mark.parametrize(
    ("changed", "text"),
    [
        ({}, "about May 2027 (Mar 2027 to Sep 2027)"),
        ({"latest": None}, "about May 2027 (Mar 2027 or later)"),
        ({"earliest": None}, "about May 2027"),
        ({"on": None}, "which is not in sight as its driver goes"),
    ],
)
def test_headroom_says_what_is_reached_where_and_when(changed: dict[str, object], text: str) -> None:
    told = words.headroom(replace(CROSSING, **changed))  # type: ignore[arg-type]
    assert told == f"reaches 65,535 parameters at 65,000 open associations, {text}"


def test_what_is_beyond_its_limit_has_no_headroom() -> None:
    told = words.headroom(replace(CROSSING, driver_now=70_000))
    assert told == "is at its limit of 65,535 parameters"


@pytest.mark.parametrize(("factor", "text"), [(2.0, "2 times slower"), (0.25, "4 times faster")])
def test_a_change_says_which_way_it_went(factor: float, text: str) -> None:
    assert words.change(Change("r2", date(2026, 1, 1), factor)) == f"{text} since r2"
