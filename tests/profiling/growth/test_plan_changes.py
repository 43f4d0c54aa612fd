from itertools import pairwise
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinical_engine.profiling.durations import added, bucket_of, percentile
from clinical_engine.profiling.growth.plan_changes import changed_by


def durations(count: int, milliseconds: float, seed: int = 1) -> dict[int, int]:
    chance = Random(seed)  # noqa: S311 - no secret
    return added({bucket_of(chance.lognormvariate(0, 0.4) * milliseconds / 1000): 1} for _ in range(count))


USUAL = durations(2_000, 3.0)


@pytest.mark.parametrize("factor", [4, 10, 50])
def test_a_statement_that_became_that_much_slower_has_changed(factor: float) -> None:
    assert changed_by(USUAL, durations(40, 3.0 * factor, seed=2)) == pytest.approx(factor, rel=0.4)


@pytest.mark.parametrize("seed", range(20))
def test_a_statement_that_runs_as_usual_has_not(seed: int) -> None:
    assert changed_by(USUAL, durations(40, 3.0, seed=seed)) is None


def test_one_that_became_faster_has_not() -> None:
    assert changed_by(USUAL, durations(40, 0.3)) is None


@pytest.mark.parametrize("slow", [1_600, 3_200])
def test_slow_calls_that_happen_to_come_together_are_none(slow: int) -> None:
    both = added([durations(1_600, 1.0), durations(slow, 20.0)])
    assert changed_by(both, durations(40, 20.0, seed=3)) is None


def test_many_slow_calls_among_fast_ones_are_none() -> None:
    both = added([durations(1_600, 1.0), durations(400, 20.0)])
    assert changed_by(both, added([durations(5, 1.0, seed=3), durations(35, 20.0, seed=3)])) is None


def test_of_two_ways_to_be_called_both_became_slower_by_as_much_as_they_are_apart() -> None:
    both = added([durations(1_600, 1.0), durations(400, 20.0)])
    recent = added([durations(35, 20.0, seed=3), durations(5, 400.0, seed=3)])
    assert changed_by(both, recent) == pytest.approx(20, rel=0.2)


def test_a_day_on_which_all_is_twice_as_slow_is_none() -> None:
    assert changed_by(USUAL, durations(40, 6.0, seed=4)) is None


def test_few_executions_tell_nothing() -> None:
    assert changed_by(USUAL, durations(5, 300.0)) is None
    assert changed_by(durations(20, 3.0), durations(40, 300.0)) is None


def test_the_median_rises_with_the_durations_and_not_by_the_width_of_a_bucket() -> None:
    medians = [percentile(durations(20_000, 1 + step / 50, seed=step), 0.5) or 0 for step in range(11)]
    leaps = [after / before for before, after in pairwise(medians)]
    assert max(leaps) < 1.06
    assert medians[-1] / medians[0] == pytest.approx(1.2, rel=0.05)


counted = st.dictionaries(st.integers(0, 255), st.integers(0, 10**9), max_size=60)


@given(counted, counted)
def test_any_durations_give_an_answer(usual: dict[int, int], recent: dict[int, int]) -> None:
    factor = changed_by(usual, recent)
    assert factor is None or factor >= 2.5
