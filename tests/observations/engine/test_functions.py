import math
import statistics

import pytest

from tests.observations.engine.running import failure, reason_for_no_value, value_of


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("min([3, 1, 2])", 1),
        ("min(3, 1)", 1),
        ("max([3, 1.5, 2])", 3),
        ("max(1, 2, 3)", 3),
        ("sum([1, 2, 3])", 6),
        ("sum([])", 0),
        ("sum([0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1])", 1.0),
        ("mean([1, 2])", 1.5),
        ("median([3, 1, 2])", 2),
        ("median([4, 1, 2, 3])", 2.5),
        ("len([])", 0),
        ("abs(-3)", 3),
        ("sqrt(16)", 4.0),
        ("log(1)", 0.0),
        ("exp(0)", 1.0),
        ("exp(-1000)", 0.0),
        ("floor(-1.5)", -2),
        ("floor(36.99)", 36),
        ("round(0.5)", 0),
        ("round(1.5)", 2),
        ("round(2.5)", 2),
        ("round(36.649, 1)", 36.6),
        ("round(0.25, 1)", 0.2),
        ("round(1250, -2)", 1200),
    ],
)
def test_functions_give_what_the_specification_says(expression: str, expected: float) -> None:
    value = value_of(expression)
    assert value == expected
    assert type(value) is type(expected)


def test_the_standard_deviation_is_that_of_a_sample() -> None:
    readings = [5.1, 7.9, 11.2, 4.4, 6.0]
    assert value_of("stdev(x)", x=readings) == pytest.approx(statistics.stdev(readings), rel=1e-14)


def test_sums_do_not_depend_on_the_order_of_their_items() -> None:
    assert value_of("sum(x)", x=[1e14, 1e-3, -1e14]) == value_of("sum(x)", x=[1e14, -1e14, 1e-3]) == 1e-3


@pytest.mark.parametrize(
    ("value", "points"), [(7, 3), (8, 3), (8.5, 1), (11, 1), (12, 0), (20, 0), (24, 2), (24.1, 3), (-1, 3)]
)
def test_a_band_gives_the_points_of_the_first_limit_that_is_not_below(value: float, points: int) -> None:
    assert value_of("band(x, [8, 11, 20, 24], [3, 1, 0, 2, 3])", x=value) == points
    assert value_of("band(x, limits, [3, 1, 0, 2, 3])", x=value, limits=[8, 11, 20, 24]) == points


def test_a_band_can_give_texts() -> None:
    assert value_of('band(x, [4, 6], ["low", "medium", "high"])', x=5) == "medium"


@pytest.mark.parametrize("function", ["min", "max", "mean", "median", "stdev"])
def test_nothing_is_computed_from_an_empty_list(function: str) -> None:
    assert reason_for_no_value(f"result = {function}(glucose)", glucose=[]) == "no value for glucose"
    empty = reason_for_no_value(f"result = {function}([x for x in glucose if x > 9])", glucose=[1.0])
    assert empty == f"no value: {function} of an empty list"


def test_one_value_has_no_standard_deviation() -> None:
    assert reason_for_no_value("result = stdev(x)", x=[1]) == "no value: stdev of fewer than two values"


@pytest.mark.parametrize(
    ("expression", "inputs", "reason"),
    [
        ("sqrt(x)", {"x": -1}, "sqrt needs a number that is not below 0"),
        ("log(x)", {"x": 0}, "log needs a number above 0"),
        ("exp(x)", {"x": 1e14}, "exp gives a result that is not below 1e15 in size"),
        ("abs(x)", {"x": "a"}, "abs needs a number, not text"),
        ("round(x)", {"x": True}, "round needs a number, not true or false"),
        ("round(x)", {"x": 999999999999999.9}, "round gives a result that is not below 1e15 in size"),
        ("round(x, d)", {"x": 1, "d": 16}, "round needs a whole number of decimals, from -15 to 15"),
        ("round(x, d)", {"x": 1, "d": 1.0}, "round needs a whole number of decimals, from -15 to 15"),
        ("sum(x)", {"x": [1, "a"]}, "sum needs a list of numbers only"),
        ("sum(x)", {"x": [True]}, "sum needs a list of numbers only"),
        ("sum(x)", {"x": 1}, "sum needs a list, not a number"),
        ("sum(x)", {"x": [999999999999999] * 2}, "sum gives a result that is not below 1e15 in size"),
        ("sum(x)", {"x": [9e14] * 1000}, "sum gives a result that is not below 1e15 in size"),
        ("stdev(x)", {"x": [-9e14, 9e14]}, "stdev gives a result that is not below 1e15 in size"),
        ("max(x)", {"x": 1}, "max needs a list, not a number"),
        ("max(x, 1)", {"x": "a"}, "max needs a number, not text"),
        ("len(x)", {"x": "abc"}, "len needs a list, not text"),
        ("band(x, [1], [0, 1])", {"x": "a"}, "band needs a number, not text"),
        ("band(1, x, [0, 1])", {"x": ["a"]}, "band needs a list of numbers only"),
        ("band(1, x, [0, 1, 2])", {"x": [2, 1]}, "band needs limits that ascend"),
        ("band(1, x, [0, 1, 2])", {"x": [1, 1]}, "band needs limits that ascend"),
    ],
)
def test_a_function_that_cannot_work_says_why(
    expression: str, inputs: dict[str, object], reason: str
) -> None:
    assert failure(f"result = {expression}", **inputs).reason == reason  # type: ignore[arg-type]


def test_a_band_with_a_row_too_few_fails_rather_than_score_wrongly() -> None:
    assert failure("result = band(1, x, [0, 1])", x=[1, 2]).reason.startswith(
        "band needs one more item in points"
    )


@pytest.mark.parametrize("length", [1, 2, 3, 7, 10, 128, 129, 999, 1000])
def test_no_mean_or_median_is_rounded_up_to_the_limit(length: int) -> None:
    largest = math.nextafter(1e15, 0)
    mean = value_of("mean(x)", x=[largest] * length)
    assert isinstance(mean, float)
    assert 999_999_999_999_999.5 < mean <= largest
    assert value_of("median(x)", x=[largest] * length) == largest
