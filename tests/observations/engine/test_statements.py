import pytest

from tests.observations.engine.running import failure, reason_for_no_value, refusal, run, steps_of, value_of

RISK = """
# Comments stand anywhere.
if score >= 7:
    risk = "high"
elif score >= 5:
    risk = "medium"   # also here
elif score >= 3:
    risk = "some"
else:
    risk = "low"
result = {"score": score, "risk": risk}
"""


@pytest.mark.parametrize(("score", "risk"), [(9, "high"), (5, "medium"), (3, "some"), (0, "low")])
def test_the_first_branch_whose_condition_holds_is_taken(score: int, risk: str) -> None:
    assert run(RISK, score=score) == {"score": score, "risk": risk}


def test_a_name_takes_its_last_value_and_an_input_can_be_given_a_default() -> None:
    assert run("x = 1\nx = x + 1\nresult = x") == 2
    assert run("if spo2 is None:\n    spo2 = 98\nresult = spo2", spo2=None) == 98


def test_line_ends_of_every_system_are_read() -> None:
    assert run("x = 1\r\nresult = x\r\n") == 1
    assert run("x = 1\rresult = x") == 1


def test_a_result_of_none_is_not_computable() -> None:
    assert reason_for_no_value("result = None") == "no value for result"
    assert reason_for_no_value('result = {"a": 1, "b": None}') == "no value for result.b"
    assert reason_for_no_value("result = 1 if len(x) > 3 else None", x=[1]) == "no value for result"


def test_reading_what_has_no_value_names_it() -> None:
    assert reason_for_no_value("result = spo2 + 1", spo2=None) == "no value for spo2"
    assert reason_for_no_value("x = None\nresult = x") == "no value for x"
    assert reason_for_no_value("result = bp.systolic", bp=None) == "no value for bp"


def test_the_result_is_one_value_or_a_flat_record() -> None:
    assert value_of("x", x="text") == "text"
    assert value_of("x", x=True) is True
    assert failure("result = x", x=[1]).reason == "result must be one value or a record, not a list"
    assert run("result = x", x={"a": 1}) == {"a": 1}


@pytest.mark.parametrize(
    "source",
    [
        "if x > 1:\n    result = 1\n",
        "if x > 1:\n    result = 1\nelif x > 0:\n    result = 2\n",
        "if x > 1:\n    result = 1\nelse:\n    if x > 2:\n        result = 2\n",
    ],
)
def test_a_result_that_is_not_set_on_every_way_is_refused(source: str) -> None:
    assert refusal(source, "x").problems[0].message.startswith("result is not set on every way through")


def test_a_name_that_is_set_on_one_way_only_is_refused_where_it_is_read() -> None:
    (problem,) = refusal("if x > 1:\n    y = 1\nresult = y", "x").problems
    assert (problem.line, problem.column) == (3, 10)
    assert problem.message.startswith("y is not set on every way here")


def test_a_name_that_every_branch_sets_can_be_read() -> None:
    assert run("if x > 1:\n    y = 1\n    z = 1\nelse:\n    y = 2\nresult = y", x=0) == 2


def test_steps_are_counted_as_the_specification_says() -> None:
    assert steps_of("result = 1") == 1
    assert steps_of("result = x + 1 * 2", x=1) == 3
    assert steps_of("if x > 1:\n    result = 1\nelse:\n    result = x + 1", x=1) == 4
    assert steps_of("result = len(x)", x=[1] * 11) == 1 + 1 + 2
    assert steps_of("result = len([i for i in x if i > 0])", x=[1] * 11) == 1 + 1 + 1 + 11 * (1 + 1 + 1) + 2
    assert steps_of("result = max(1, x, 2)", x=3) == 1 + 3
    assert steps_of("result = [1, 2, 3][0]") == 1 + 1 + 1
    assert steps_of("result = [1, x, 3][0]", x=1) == 1 + 1 + 4
    assert steps_of('result = {"a": x, "b": 2}', x=1) == 1 + 3
    assert steps_of("result = x > 1 and x > 2 and x > 3", x=1) == 1 + 3 + 2


def test_a_run_ends_when_its_steps_are_used_up() -> None:
    work = "result = len([i for i in x if i > 0 and i > 1 and i > 2 and i > 3])\n"
    failed = failure(work * 3, x=[1] * 1000)
    assert failed.reason == "the script takes more than 20,000 steps"
    assert failed.line == 3
