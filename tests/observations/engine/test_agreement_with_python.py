"""The language is a subset of Python: a script that gives a value gives the value that Python gives."""

import math
from statistics import median

from hypothesis import given, settings
from hypothesis import strategies as st

from observations.engine import Input, NotComputable, ScriptFailed, ScriptRefused, compile_script

NAMES: dict[str, Input] = {"a": 3, "b": -2.5, "c": 0, "flag": True, "text": "A"}
VALUES = (4, 1.5, -7, 12)
PYTHON = {
    **NAMES,
    "values": VALUES,
    "min": min,
    "max": max,
    "abs": abs,
    "len": len,
    "sum": math.fsum,
    "mean": lambda numbers: math.fsum(numbers) / len(numbers),
    "median": median,
    "round": round,
    "floor": math.floor,
    "sqrt": math.sqrt,
    "exp": math.exp,
    "log": math.log,
    "__builtins__": {},
}

leaves = st.sampled_from(
    [
        "a",
        "b",
        "c",
        "flag",
        "text",
        "1",
        "2.5",
        "0",
        "7",
        "True",
        '"A"',
        "values[1]",
        "values[-1]",
        "sum(values)",
    ]
)


def combined(parts: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Give expressions made of smaller ones."""
    operators = st.sampled_from(
        ["+", "-", "*", "/", "%", "**", "<", "<=", ">", ">=", "==", "!=", "and", "or"]
    )
    functions = st.sampled_from(["abs", "round", "floor", "sqrt", "exp", "log", "not ", "-"])
    lists = st.sampled_from(["min", "max", "sum", "mean", "median", "len"])
    return st.one_of(
        st.builds("({} {} {})".format, parts, operators, parts),
        st.builds("({}({}))".format, functions, parts),
        st.builds("({} if {} else {})".format, parts, parts, parts),
        st.builds("{}([{}, {}, {}])".format, lists, parts, parts, parts),
        st.builds("{}([v * {} for v in values if v > {}])".format, lists, parts, parts),
        st.builds("({} in [{}, {}])".format, parts, parts, parts),
        st.builds("round({}, 2)".format, parts),
        st.builds("max({}, {})".format, parts, parts),
    )


@settings(max_examples=600, deadline=None)
@given(st.recursive(leaves, combined, max_leaves=12))
def test_a_script_gives_what_python_gives(expression: str) -> None:
    script_inputs: dict[str, Input] = {**NAMES, "values": VALUES}
    try:
        value = compile_script(f"result = {expression}", script_inputs.keys()).run(script_inputs).value
    except (ScriptRefused, ScriptFailed, NotComputable):
        return
    expected = eval(expression, dict(PYTHON))  # noqa: S307  written by this test
    assert value == expected
    assert isinstance(value, bool) is isinstance(expected, bool)
