"""What a day's duration is taken to be: the middle of its executions, also of few."""

from itertools import pairwise
from math import exp, log
from random import Random
from statistics import mean

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinical_engine.profiling.durations import added, bucket_of, middle, percentile
from clinical_engine.profiling.growth.estimating import estimate
from clinical_engine.profiling.growth.points import widening
from clinical_engine.profiling.growth.verdicts import Outlook
from tests.profiling.growth.histories import LIMITS, day, grown


def executions(count: int, seconds: float = 0.01, seed: int = 1) -> list[dict[int, int]]:
    """A histogram of each."""
    chance = Random(seed)  # noqa: S311 - no secret
    return [{bucket_of(seconds * exp(chance.gauss(0, 0.6))): 1} for _ in range(count)]


def test_nothing_has_no_middle() -> None:
    assert middle({}) is None
    assert middle({40: 0}) is None


def test_the_middle_of_two_executions_is_between_them() -> None:
    assert middle({40: 1, 48: 1}) == pytest.approx(2 ** (44.5 / 4))


def test_slow_executions_hardly_move_the_middle() -> None:
    usual = {40: 100, 41: 200, 42: 100}
    assert log((middle({**usual, 90: 40}) or 0) / (middle(usual) or 1)) < 0.06


def test_days_of_two_executions_have_the_middle_of_their_month() -> None:
    calls = executions(4_000)
    days = [added(pair) for pair in list(pairwise(calls))[::2]]
    of_month = log(middle(added(calls)) or 0)
    assert mean(log(middle(each) or 0) for each in days) == pytest.approx(of_month, abs=0.03)
    # The median of two is the lower one.
    assert mean(log(percentile(each, 0.5) or 0) for each in days) < of_month - 0.2


counted = st.dictionaries(st.integers(0, 200), st.integers(1, 10**9), min_size=1, max_size=60)


@given(counted, st.integers(1, 50))
def test_executions_that_are_slower_by_a_factor_have_a_middle_that_is(
    durations: dict[int, int], by: int
) -> None:
    slower = middle({bucket + by: count for bucket, count in durations.items()})
    assert slower == pytest.approx((middle(durations) or 0) * 2 ** (by / 4))


@given(counted)
def test_the_middle_is_within_the_middle_half(durations: dict[int, int]) -> None:
    low, high = percentile(durations, 0.25) or 0, percentile(durations, 0.75) or 0
    assert low * 0.999 <= (middle(durations) or 0) <= high * 1.001


@pytest.mark.parametrize("seed", range(3))
def test_growth_is_told_from_the_middle_whatever_the_median_does(seed: int) -> None:
    days = []
    for number in range(800):
        counts = added(executions(4, grown(number) / 1e6, seed=1_000 * seed + number))
        days.append(day(number, grown(number), calls=4, median_us=1.0, middle_us=middle(counts) or 0.0))
    assert estimate(days, LIMITS).outlook is Outlook.GROWS


def test_how_much_longer_the_slowest_take_is_told_by_months_where_a_day_has_few_calls() -> None:
    # The slowest of four takes 1.6 times as long as usual, one in twenty of a month's 2.5 times.
    months = [day(30 * place, 10_000.0, calls=120) for place in range(4)]
    few = [day(120 + number, 10_000.0, calls=4, p95_us=3_200.0) for number in range(60)]
    busy = [day(120 + number, 10_000.0, calls=40, p95_us=3_200.0) for number in range(60)]
    assert widening([*months, *few]) == pytest.approx(log(2.5))
    assert widening([*months, *busy]) == pytest.approx(log(1.6))
    assert widening(few) == pytest.approx(log(1.6))
