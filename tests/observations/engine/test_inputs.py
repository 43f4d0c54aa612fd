import copy
import math
import multiprocessing
import os
import pickle
import threading
from decimal import Decimal

import pytest

from observations.engine import (
    LANGUAGE_VERSION,
    Input,
    NotComputable,
    Problem,
    ScriptFailed,
    ScriptRefused,
    compile_script,
)
from tests.observations.engine.running import failure, reason_for_no_value, value_of

SECRET = 77.125
SECRET_TEXT = "Jansen"


@pytest.mark.parametrize("value", [math.inf, -math.inf, math.nan, 1e15, -(10**15), 10**400])
def test_a_number_that_is_not_finite_or_too_large_fails(value: float) -> None:
    failed = failure("result = 1", x=value)
    assert (failed.line, failed.reason) == (0, "input x: a number must be finite and below 1e15 in size")
    for values in ([1, value], [value, 1], [1, value, 2.5]):
        assert failure("result = 1", x=values).reason == failed.reason
    assert (
        failure("result = 1", x={"a": value}).reason
        == "input x.a: a number must be finite and below 1e15 in size"
    )


@pytest.mark.parametrize("value", ["a" * 201, "a\nb", "\x00", "\ud800"])
def test_a_text_that_is_too_long_or_not_printable_fails(value: str) -> None:
    assert failure("result = 1", x=value).reason.startswith("input x: text has at most 200 characters")


def test_a_list_of_more_than_a_thousand_items_fails() -> None:
    assert value_of("len(x)", x=[1.0] * 1000) == 1000
    assert failure("result = 1", x=[1.0] * 1001).reason == "input x: a list has at most 1,000 items"


def test_a_record_of_more_than_a_hundred_fields_fails() -> None:
    record = {f"f{number}": 1 for number in range(101)}
    assert failure("result = 1", x=record).reason == "input x: a record has at most 100 fields"


@pytest.mark.parametrize(
    "value", [Decimal(1), b"a", object(), {1}, [None], [[1]], {1: 2}, {"a": [1]}, [Decimal(1)], 1j]
)
def test_what_is_no_plain_value_is_a_mistake_of_the_caller(value: object) -> None:
    script = compile_script("result = 1", ["x"])
    with pytest.raises(TypeError, match="input x"):
        script.run({"x": value})  # type: ignore[dict-item]


def test_a_name_that_is_not_an_input_is_a_mistake_of_the_caller() -> None:
    script = compile_script("y = 1\nresult = y", ["x"])
    for name in ("y", "result", "zzz"):
        with pytest.raises(ValueError, match=rf"^{name} is not an input of this script"):
            script.run({name: 1})


def test_an_absent_input_has_no_value() -> None:
    with pytest.raises(NotComputable, match=r"^no value for x$"):
        compile_script("result = x", ["x"]).run({})


def test_nothing_given_to_a_script_or_taken_from_it_can_change_it() -> None:
    script = compile_script('result = {"low": 1, "high": 2}', ["x"])
    first = script.run({"x": 1}).value
    assert isinstance(first, dict)
    first["low"] = 99
    assert script.run({"x": 1}).value == {"low": 1, "high": 2}
    given = {"a": 1}
    taken = value_of("x", x=given)
    assert taken == given
    assert taken is not given


def test_runs_share_nothing() -> None:
    script = compile_script("y = 5 if x is None else x\nresult = y", ["x"])
    assert script.run({"x": 1}).value == 1
    assert script.run({}).value == 5


def test_a_script_knows_its_inputs_and_its_language() -> None:
    script = compile_script("result = x", ["x", "y"], LANGUAGE_VERSION)
    assert script.inputs == ("x", "y")
    assert script.language_version == 1
    with pytest.raises(AttributeError):
        script.inputs = ()  # type: ignore[misc]


@pytest.mark.parametrize(
    "source",
    [
        "result = x / 0",
        "result = x * 1e14",
        "result = x.field",
        "result = t + 1",
        "result = x == t",
        "result = x in [t]",
        "result = [1][x]",
        "result = values[5]",
        "result = sqrt(-x)",
        "result = band(t, [1], [1, 2])",
        "result = round(1, x)",
        "result = 1 if x else 2",
        "result = none + x",
        "result = record.none",
        "result = record.other",
        "result = values",
        "result = len([1 for a in values if a])",
    ],
)
def test_no_error_carries_a_value_of_a_patient(source: str) -> None:
    inputs: dict[str, Input] = {
        "x": SECRET,
        "t": SECRET_TEXT,
        "values": [SECRET, SECRET],
        "record": {"value": SECRET, "text": SECRET_TEXT, "none": None},
        "none": None,
    }
    script = compile_script(source, inputs.keys())
    with pytest.raises((ScriptFailed, NotComputable)) as caught:
        script.run(inputs)
    told = f"{caught.value!s} {caught.value!r} {caught.value.__dict__}"
    assert "77" not in told
    assert SECRET_TEXT not in told
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


@pytest.mark.parametrize(
    "error",
    [ScriptRefused((Problem(1, 2, "reason"),)), ScriptFailed(1, 2, "reason"), NotComputable("reason")],
)
def test_errors_travel_between_processes(error: Exception) -> None:
    for travelled in (pickle.loads(pickle.dumps(error)), copy.copy(error)):  # noqa: S301  our own
        assert str(travelled) == str(error)
        assert travelled.__dict__ == error.__dict__


def test_an_error_says_its_place_unless_an_input_is_at_fault() -> None:
    assert str(failure("result = 1 / x", x=0)) == "line 1, column 10: division by zero"
    assert str(failure("result = x", x=math.nan)) == "input x: a number must be finite and below 1e15 in size"
    assert reason_for_no_value("result = x", x=None) == "no value for x"


def test_one_script_serves_many_threads() -> None:
    script = compile_script("result = sum([y * x for y in values])", ["x", "values"])
    wrong: list[int] = []

    def work(number: int) -> None:
        results = [script.run({"x": number, "values": range(1, 11)}).value for _ in range(200)]
        wrong.extend(number for result in results if result != 55 * number)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_a_script_compiled_before_a_fork_runs_after_it() -> None:
    script = compile_script("result = sum(values)", ["values"])
    reading, writing = os.pipe()
    child = multiprocessing.get_context("fork").Process(
        target=lambda: os.write(writing, str(script.run({"values": [1, 2]}).value).encode())
    )
    child.start()
    child.join(timeout=60)
    assert child.exitcode == 0
    assert os.read(reading, 100) == b"3"
    os.close(reading)
    os.close(writing)
