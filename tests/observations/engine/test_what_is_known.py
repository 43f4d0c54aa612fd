"""What a compiled script tells of itself, and what is refused when the kinds of its inputs are known."""

import pytest

from observations.engine import Kind, ScriptRefused, compile_script


def test_a_script_tells_which_of_its_inputs_it_reads() -> None:
    source = "a = x if y is None else 1\nresult = len([r.p for r in readings if bp.systolic is not None])"
    script = compile_script(source, ["x", "y", "readings", "bp", "r", "pulse"])
    assert script.names_read == {"x", "y", "readings", "bp"}


@pytest.mark.parametrize(
    ("source", "kind"),
    [
        ("result = x + 1", Kind.NUMBER),
        ("result = x > 1", Kind.BOOLEAN),
        ('result = {"a": x}', Kind.RECORD),
        ('if x > 1:\n    result = "high"\nelse:\n    result = "low"', Kind.TEXT),
        ("result = band(x, [1], [0, 1])", Kind.NUMBER),
        ('if x > 1:\n    result = "high"\nelse:\n    result = 1', Kind.ANY),
        ("result = x if x > 1 else None", Kind.ANY),
        ("result = x.y", Kind.ANY),
    ],
)
def test_a_script_knows_the_kind_of_its_result_where_that_is_sure(source: str, kind: Kind) -> None:
    assert compile_script(source, ["x"]).result_kind is kind


@pytest.mark.parametrize(
    ("expression", "kind", "column", "message"),
    [
        ("1 + x", Kind.TEXT, 14, "+ needs a number, not text"),
        ("mean(x) * x", Kind.LIST, 20, "* needs a number, not a list"),
        ("x.systolic", Kind.NUMBER, 10, ".systolic needs a record, not a number"),
        ("1 if x else 2", Kind.NUMBER, 15, "if needs true or false, not a number"),
        ('x == "A"', Kind.NUMBER, 10, "== compares values of one kind, not a number with text"),
        ("len([i for i in x])", Kind.RECORD, 26, "for needs a list, not a record"),
        ("x[0]", Kind.BOOLEAN, 10, "an index needs a list, not true or false"),
        ("x.systolic is None", Kind.TEXT, 10, ".systolic needs a record, not text"),
    ],
)
def test_what_can_never_work_with_an_input_of_a_known_kind_is_refused(
    expression: str, kind: Kind, column: int, message: str
) -> None:
    source = f"result = {expression}"
    assert compile_script(source, ["x"])
    with pytest.raises(ScriptRefused) as caught:
        compile_script(source, ["x"], kinds={"x": kind})
    (problem,) = caught.value.problems
    assert problem == (1, column, message)


def test_a_known_kind_changes_nothing_in_a_run() -> None:
    script = compile_script("result = x + 1", ["x"], kinds={"x": Kind.NUMBER})
    with pytest.raises(Exception, match=r"\+ needs a number, not text"):
        script.run({"x": "a"})


def test_an_input_that_is_given_another_value_is_of_no_known_kind_any_more() -> None:
    source = 'if x == "A":\n    x = 1\nelse:\n    x = 2\nresult = x + 1'
    assert compile_script(source, ["x"], kinds={"x": Kind.TEXT}).run({"x": "A"}).value == 2
