import math

import pytest

from tests.observations.engine.running import failure, reason_for_no_value, value_of


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("1 + 2 * 3", 7),
        ("(1 + 2) * 3", 9),
        ("7 / 2", 3.5),
        ("-7 % 3", 2),
        ("2 ** 10", 1024),
        ("2 ** -1", 0.5),
        ("2 ** 0.5", math.sqrt(2)),
        ("-2 ** 2", -4),
        ("1.5e3 - .5", 1499.5),
        ("1_000", 1000),
        ("999999999999999 + 0", 999999999999999),
        ("9 ** 15", 9**15),
    ],
)
def test_arithmetic_is_that_of_python(expression: str, expected: float) -> None:
    value = value_of(expression)
    assert value == expected
    assert type(value) is type(expected)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("1 < 2", True),
        ("2 <= 1", False),
        ("1 == 1.0", True),
        ('"A" != "V"', True),
        ("True == False", False),
        ("3 in [1, 2, 3]", True),
        ("3 not in [1, 2, 3]", False),
        ('"A" in []', False),
        ("not 1 > 2", True),
        ("1 > 2 or 2 > 1", True),
        ("1 > 2 and 2 > 1", False),
        ("1 > 2 or 2 > 3 or 3 > 2", True),
    ],
)
def test_comparisons_and_logic_give_true_or_false(expression: str, expected: object) -> None:
    assert value_of(expression) is expected


def test_what_logic_has_decided_is_not_read_on() -> None:
    assert value_of("x is None or x > 3", x=None) is True
    assert value_of("x is not None and x > 3", x=None) is False


def test_a_conditional_reads_only_the_branch_it_takes() -> None:
    assert value_of("98 if spo2 is None else spo2", spo2=None) == 98
    assert value_of("98 if spo2 is None else spo2", spo2=91) == 91


def test_lists_are_indexed_from_both_ends() -> None:
    assert value_of("values[0]", values=[4, 5, 6]) == 4
    assert value_of("values[-1]", values=(4, 5, 6)) == 6
    assert value_of("[7, 8, 9][1]") == 8


def test_an_index_beyond_the_list_fails_and_any_index_of_an_empty_list_is_not_computable() -> None:
    assert failure("result = values[3]", values=[4, 5, 6]).reason == "the list has no item at this index"
    assert failure("result = values[-4]", values=[4, 5, 6]).reason == "the list has no item at this index"
    assert failure("result = values[1.0]", values=[4, 5, 6]).reason == "an index is a whole number"
    assert failure("result = values[i]", values=[4], i=True).reason == "an index is a whole number"
    assert reason_for_no_value("result = values[-1]", values=[]) == "no value for values"


def test_a_field_of_a_record_is_read_with_a_dot() -> None:
    assert value_of("bp.systolic - bp.diastolic", bp={"systolic": 120, "diastolic": 80}) == 40
    assert value_of("readings[0].value", readings=[{"value": 5.1}, {"value": 6.2}]) == 5.1
    assert value_of('{"a": 1}.a') == 1


def test_a_field_that_is_not_there_fails_and_one_without_a_value_is_not_computable() -> None:
    assert failure("result = bp.mean", bp={"systolic": 120}).reason == "the record has no field mean"
    assert reason_for_no_value("result = bp.mean", bp={"mean": None}) == "no value for bp.mean"
    assert reason_for_no_value("result = bps[0].mean", bps=[{"mean": None}]) == "no value for bps[].mean"


def test_none_is_asked_of_names_and_of_fields() -> None:
    assert value_of("bp.mean is None", bp={"mean": None}) is True
    assert value_of("bp.mean is not None", bp={"mean": 93}) is True
    assert value_of("bp.mean is None", bp=None) is True
    assert value_of("bp is None", bp={"mean": 93}) is False


def test_a_comprehension_picks_and_changes_items() -> None:
    assert value_of("sum([x * 2 for x in values if x > 1 if x < 4])", values=[1, 2, 3, 4]) == 10
    assert (
        value_of(
            "len([r for r in readings if r.value is not None])", readings=[{"value": None}, {"value": 1}]
        )
        == 1
    )
    assert value_of('[{"v": x} for x in values][1].v', values=[1, 2]) == 2


def test_the_name_of_a_comprehension_ends_with_it() -> None:
    assert value_of("sum([x for x in values]) + x", values=[1, 2], x=10) == 13


@pytest.mark.parametrize(
    ("expression", "inputs", "reason"),
    [
        ("x / y", {"x": 1, "y": 0}, "division by zero"),
        ("x % y", {"x": 1, "y": 0.0}, "division by zero"),
        ("x ** y", {"x": 10, "y": 15}, "the result of ** is not below 1e15 in size"),
        ("x ** y", {"x": 10, "y": 99999999}, "the result of ** is not below 1e15 in size"),
        ("x ** y", {"x": -8, "y": 0.5}, "** has no real number as its result here"),
        ("x ** y", {"x": 0, "y": -1}, "** has no real number as its result here"),
        ("x * y", {"x": 1e14, "y": 10}, "the result of * is not below 1e15 in size"),
        ("x - y", {"x": -999999999999999, "y": 1}, "the result of - is not below 1e15 in size"),
        ("x / y", {"x": 1e14, "y": 5e-324}, "the result of / is not below 1e15 in size"),
        ("x + y", {"x": "a", "y": "b"}, "+ needs a number, not text"),
        ("x * y", {"x": 3, "y": "b"}, "* needs a number, not text"),
        ("x + y", {"x": True, "y": 1}, "+ needs a number, not true or false"),
        ("x + y", {"x": [1], "y": [1]}, "+ needs a number, not a list"),
        ("x % y", {"x": "%s", "y": 1}, "% needs a number, not text"),
        ("-x", {"x": "a"}, "- needs a number, not text"),
        ("x < y", {"x": "a", "y": "b"}, "< needs a number, not text"),
        ("x == y", {"x": 1, "y": "1"}, "== compares values of one kind, not a number with text"),
        ("x == y", {"x": 1, "y": True}, "== compares values of one kind, not a number with true or false"),
        ("x == y", {"x": [1], "y": [1]}, "== compares values of one kind, not a list with a list"),
        ("x in y", {"x": 1, "y": "1"}, "in needs a list, not text"),
        ("x in y", {"x": 1, "y": [1, "1"]}, "in looks for a number, but the list holds text"),
        ("x in y", {"x": [1], "y": [1]}, "in looks for a number, a text, or true or false, not a list"),
        ("1 if x else 2", {"x": 1}, "if needs true or false, not a number; write a comparison"),
        ("x and y", {"x": True, "y": "a"}, "and needs true or false, not text; write a comparison"),
        ("not x", {"x": []}, "not needs true or false, not a list; write a comparison"),
        ("x.field", {"x": 1}, ".field needs a record, not a number"),
        ("x[0]", {"x": "abc"}, "an index needs a list, not text"),
        ("len([i for i in x])", {"x": "abc"}, "for needs a list, not text"),
        ("len([x, 1])", {"x": [1]}, "a list holds numbers, texts, true or false, or records, not lists"),
        (
            "len([x for i in x])",
            {"x": [1]},
            "a list holds numbers, texts, true or false, or records, not lists",
        ),
        ('{"a": x}', {"x": [1]}, "a field holds a number, a text, or true or false, not a list"),
        ('{"a": x}', {"x": {"b": 1}}, "a field holds a number, a text, or true or false, not a record"),
    ],
)
def test_a_run_that_breaks_a_rule_says_which_and_where(
    expression: str, inputs: dict[str, object], reason: str
) -> None:
    failed = failure(f"a = 1\nresult = {expression}", **inputs)  # type: ignore[arg-type]
    assert failed.reason == reason
    assert failed.line == 2
    assert failed.column >= 10


def test_the_column_counts_characters_not_bytes() -> None:
    failed = failure('a = "µ°é" == "x" or 1 / x > 2\nresult = a', x=0)
    assert (failed.line, failed.column) == (1, 21)
