"""The histogram of durations: sums are exact, percentiles nearly."""

from collections import Counter
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinical_engine.profiling.capture.tally import Cell
from clinical_engine.profiling.capture.units import Execution
from clinical_engine.profiling.durations import added, bucket_of, packed, percentile, spread, unpacked

SECONDS = st.floats(1e-7, 1e5)
DURATIONS = st.dictionaries(st.integers(0, 255), st.integers(1, 2**40))


def histogram(seconds: list[float]) -> Counter[int]:
    return Counter(map(bucket_of, seconds))


@given(DURATIONS)
def test_what_is_stored_is_what_comes_back(durations: dict[int, int]) -> None:
    assert unpacked(packed(durations)) == durations
    assert unpacked(memoryview(packed(durations))) == durations


@given(st.lists(SECONDS, min_size=1), st.floats(0.01, 1))
def test_a_percentile_is_within_a_bucket_of_the_true_one(seconds: list[float], share: float) -> None:
    micros = sorted(max(each * 1e6, 1.0) for each in seconds)
    place = min(max(-(-share * len(micros) // 1), 1), len(micros))
    true = micros[int(place) - 1]
    found = percentile(histogram(seconds), share)
    assert found is not None
    assert true / 1.2 <= found <= true * 1.2


def test_a_percentile_of_a_thousand_executions_is_within_seven_percent() -> None:
    chance = Random(1)  # noqa: S311 - test data
    for spread_by in (0.2, 0.8, 1.5):
        seconds = sorted(chance.lognormvariate(-4, spread_by) for _ in range(1_000))
        assert percentile(histogram(seconds), 0.95) == pytest.approx(seconds[949] * 1e6, rel=0.07)


@given(st.lists(SECONDS, min_size=1), st.floats(0.01, 1))
def test_no_percentile_is_above_the_longest_execution(seconds: list[float], share: float) -> None:
    longest = max(seconds) * 1e6
    found = percentile(histogram(seconds), share, longest)
    assert found is not None
    assert found <= longest


def test_nothing_has_no_percentile() -> None:
    assert percentile({}, 0.5) is None


def test_a_percentile_rises_with_what_it_is_of() -> None:
    found = [percentile({40: 100, 41: slower}, 0.5) for slower in range(0, 400, 7)]
    assert all(each is not None for each in found)
    assert found == sorted(found, key=float)  # type: ignore[arg-type]
    assert len(set(found)) == len(found)


@given(DURATIONS, DURATIONS)
def test_sums_are_exact(one: dict[int, int], other: dict[int, int]) -> None:
    both = added([one, other])
    assert Counter(both) == Counter(one) + Counter(other)


@given(DURATIONS, st.integers(1, 60))
def test_a_few_that_stand_for_many_are_spread_evenly(durations: dict[int, int], most: int) -> None:
    found = Counter(spread(durations, most))
    number = sum(durations.values())
    assert found.total() == min(number, most)
    for bucket, count in durations.items():
        assert abs(found[bucket] - count * found.total() / number) <= 1


def test_nothing_has_nobody_to_stand_for_it() -> None:
    assert spread({}, 50) == b""


@pytest.mark.parametrize("seconds", [0.0, 1e-7, 1e-6, 1.5e-6, 0.001, 1.0, 3600.0])
def test_the_tally_counts_in_the_same_buckets(seconds: float) -> None:
    cell = Cell()
    cell.add(Execution("SELECT 1", None, seconds, 0, 0, 0, 0, None))
    assert cell.durations == {bucket_of(seconds): 1}
