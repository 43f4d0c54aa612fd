from collections.abc import Callable
from dataclasses import replace
from math import log
from random import Random

import pytest

from clinical_engine.profiling.growth.estimating import estimate
from clinical_engine.profiling.growth.fitting import fits_of
from clinical_engine.profiling.growth.points import kept, points_of
from clinical_engine.profiling.growth.series import Day
from clinical_engine.profiling.growth.steps import places_of_steps
from clinical_engine.profiling.growth.stories import odds_of_growth
from clinical_engine.profiling.growth.verdicts import Measure, Outlook
from tests.profiling.growth.histories import LIMITS, history


def odds(days: list[Day], measure: Measure = Measure.DURATION) -> float:
    points = points_of(kept(days))
    fits = fits_of(points)
    return odds_of_growth(fits.by_measure[measure][0], points, fits.noises)


def staircase(*leaps: tuple[int, float]) -> Callable[[int, float], float]:
    def median(number: int, _: float) -> float:
        cost = 10_000.0
        for since, factor in leaps:
            cost *= factor if number >= since else 1.0
        return cost

    return median


@pytest.mark.parametrize("seed", range(4))
def test_releases_that_make_it_slower_one_after_the_other_are_no_growth(seed: int) -> None:
    days = history(staircase((180, 1.7), (330, 1.5), (520, 1.8)), days=700, seed=seed)
    assert odds(days) < 0
    assert estimate(days, LIMITS).outlook is not Outlook.GROWS


def test_a_cost_that_goes_up_and_down_again_with_releases_is_no_growth() -> None:
    days = history(staircase((240, 1.8), (300, 1.6), (500, 1.6), (560, 0.35)), days=700, noise=0.02)
    assert odds(days) < 0


@pytest.mark.parametrize("seed", range(4))
def test_growth_between_the_steps_of_releases_is_growth(seed: int) -> None:
    steps = staircase((180, 0.6), (520, 1.6))
    days = history(lambda number, patients: steps(number, 0) * patients / 1e4, days=700, seed=seed)
    assert odds(days) > 7


def test_without_releases_growth_is_growth_and_none_is_none() -> None:
    growing, flat = (
        [replace(each, release="r1") for each in history(cost, days=500)]
        for cost in (lambda _, patients: patients, staircase())
    )
    assert odds(flat) < 0 < odds(growing)


def test_a_release_in_the_middle_of_a_month_may_be_a_step_at_the_week_after_it_as_well() -> None:
    months_and_weeks = [frozenset({name}) for name in ("r1", "r1", "r2", "r2", "r2", "r2")]
    assert places_of_steps(months_and_weeks) == [2, 3]


def test_the_most_values_of_a_month_are_no_more_than_those_of_its_weeks() -> None:
    # A list of chance: the longest of thirty days is longer than the middle one of seven.
    chance = Random(1)  # noqa: S311 - no secret
    days = [
        replace(each, values=round(100 * chance.lognormvariate(0, 0.3)))
        for each in history(staircase(), days=700)
    ]
    months = [
        replace(days[start], values=max(each.values for each in days[start : start + 30]), calls=15_000)
        for start in range(0, 600, 30)
    ]
    both = points_of(kept([*months, *days[600:]]))
    # Middles of seven would be lower by 0.6.
    assert both.measures[Measure.VALUES][-14:].mean() > both.measures[Measure.VALUES][:20].mean() - 0.35


def test_a_week_has_its_weekend_in_it_as_a_month_has() -> None:
    # Both days of the weekend are faster by two fifths: by 0.14 in the mean of the logarithms, not at all in the median.
    days = history(lambda number, _: 6_000.0 if number % 7 > 4 else 10_000.0, days=140, noise=0.001)
    calm = [replace(each, release="r1") for each in days]
    [level, *_] = points_of(kept(calm)).measures[Measure.DURATION]
    assert log(6_000) < level < log(10_000) - 0.09
