import json
from pathlib import Path
from typing import Any

import pytest

from observations.engine import (
    Assigned,
    Decided,
    Explanation,
    Input,
    NotComputable,
    Result,
    ScriptFailed,
    compile_script,
)
from tests.observations.engine.attacks import INPUTS
from tests.observations.engine.news2 import NORMAL, SOURCE
from tests.observations.engine.random_scripts import NAMES, Scripts
from tests.observations.engine.running import accepted

SUITE = json.loads((Path(__file__).parent / "conformance" / "version_1.json").read_text(encoding="utf-8"))


def explained(source: str, **inputs: Input) -> Explanation:
    return compile_script(source, inputs.keys()).explain(inputs)


def ending(script: Any, inputs: dict[str, Input]) -> object:
    """Give how a run ends, as something that can be compared."""
    try:
        return script.run(inputs)
    except (NotComputable, ScriptFailed) as error:
        return repr(error)


def told(explanation: Explanation) -> object:
    end = explanation.ending
    return end if isinstance(end, Result) else repr(end)


def test_an_explanation_tells_in_order_what_was_assigned_and_decided() -> None:
    source = 'points = band(x, [1, 3], [0, 1, 2])  # a table\nif points > 1:\n    risk = "high"\nelse:\n    risk = "low"\n'
    assert explained(f"{source}result = risk", x=2) == Explanation(
        (
            Assigned(1, "points", "1"),
            Decided(2, "if points > 1:", outcome=False),
            Assigned(5, "risk", '"low"'),
            Assigned(6, "result", '"low"'),
        ),
        is_complete=True,
        ending=Result("low", 10),
    )


def test_every_condition_that_was_asked_is_told_and_none_that_was_not() -> None:
    source = (
        "if x > 3:\n    y = 1\nelif x > 2:\n    y = 2\nelif x > 1:\n    y = 3\nelse:\n    y = 4\nresult = y"
    )
    decided = [step for step in explained(source, x=3).steps if isinstance(step, Decided)]
    assert decided == [Decided(1, "if x > 3:", outcome=False), Decided(3, "elif x > 2:", outcome=True)]


def test_an_explanation_ends_where_the_run_does() -> None:
    missing = explained("a = 1\nresult = spo2", spo2=None)
    assert missing.steps == (Assigned(1, "a", "1"),)
    assert isinstance(missing.ending, NotComputable)
    assert missing.ending.reason == "no value for spo2"
    failed = explained("a = 1\nresult = a / x", x=0)
    assert failed.steps == (Assigned(1, "a", "1"),)
    assert str(failed.ending) == "line 2, column 10: division by zero"
    assert str(explained("result = x", x=1e15).ending).startswith("input x: a number must be finite")


def test_values_are_written_as_in_the_language_and_cut_off() -> None:
    source = "a = xs\nb = r\nc = [i > 1 for i in xs]\nd = t\nresult = 1"
    values = [step[2] for step in explained(source, xs=[1, 2.5], r={"p": "A", "q": None}, t="t" * 200).steps]
    assert values == ["[1, 2.5]", '{"p": "A", "q": None}', "[False, True]", f'"{"t" * 196}...', "1"]
    long = explained("a = xs\nb = rs\nresult = 1", xs=INPUTS["xs"], rs=INPUTS["rs"])
    assert [len(str(step[2])) for step in long.steps] == [200, 200, 1]


def test_an_explanation_of_a_long_run_is_bounded() -> None:
    assert explained("x = 1\n" * 499 + "result = x").is_complete
    explanation = explained("x = 1\n" * 500 + "result = x")
    assert len(explanation.steps) == 500
    assert not explanation.is_complete
    assert explanation.ending == Result(1, 501)


def test_a_mistake_of_the_caller_is_raised_as_by_a_run() -> None:
    with pytest.raises(ValueError, match=r"^y is not an input"):
        compile_script("result = x", ["x"]).explain({"y": 1})


@pytest.mark.parametrize("case", SUITE["cases"], ids=lambda case: case["name"])
def test_an_explanation_of_a_stored_script_ends_as_its_run(case: dict[str, Any]) -> None:
    script = accepted(case["source"], case["inputs"].keys())
    if script:
        assert told(script.explain(case["inputs"])) == ending(script, case["inputs"])


@pytest.mark.parametrize("seed", range(4))
def test_an_explanation_never_comes_to_another_end_than_the_run(seed: int) -> None:
    scripts = Scripts(seed)
    sources = [scripts.script() for _ in range(150)]
    compared = 0
    for script in filter(None, (accepted(source, NAMES) for source in sources)):
        inputs = scripts.inputs()
        assert told(script.explain(inputs)) == ending(script, inputs)
        compared += 1
    assert compared > 20


def test_explaining_news2_shows_the_points_of_every_reading() -> None:
    steps = compile_script(SOURCE, NORMAL.keys()).explain({**NORMAL, "pulse": 131}).steps
    points = {step.name: step.value for step in steps if isinstance(step, Assigned)}
    assert points["heart"] == "3"
    assert points["result"] == '{"score": 3, "risk": "low-medium"}'
