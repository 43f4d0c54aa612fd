"""The measure of the tests that bound processor time."""

import gc
from time import process_time

import pytest

from tests.processor import USUAL_SECONDS, slowness, within


def work() -> None:
    begun = process_time()
    while process_time() - begun < 0.02:
        pass


def test_what_costs_more_than_its_bound_fails_and_what_costs_less_does_not() -> None:
    with within(60):
        work()
    with pytest.raises(AssertionError), within(0.0001):
        work()


def test_an_error_inside_is_the_one_that_is_told() -> None:
    with pytest.raises(ZeroDivisionError), within(0):
        _ = 1 / 0
    assert gc.get_freeze_count() == 0


def test_a_slow_processor_has_longer_and_a_fast_one_no_less() -> None:
    assert slowness(USUAL_SECONDS * 3) == pytest.approx(3)
    assert slowness(USUAL_SECONDS / 3) == 1
