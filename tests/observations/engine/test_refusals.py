import ast

import pytest

from observations.engine import ScriptRefused, compile_script
from observations.engine.context import Context
from observations.engine.functions import FUNCTIONS
from observations.engine.script import EXPRESSIONS
from observations.engine.statements import block
from tests.observations.engine.running import refusal, value_of

DEEP = 61


@pytest.mark.parametrize(
    ("source", "line", "column", "message"),
    [
        ("for x in values:\n    y = x\nresult = 1", 1, 1, "there are no loops; write a list comprehension"),
        ("x = 1\nwhile x < 3:\n    x = 2", 2, 1, "there are no loops"),
        ("def f(x):\n    return x", 1, 1, "functions cannot be defined"),
        ("result = lambda: 1", 1, 10, "functions cannot be defined"),
        ("import os\nresult = 1", 1, 1, "nothing can be imported"),
        ("from os import path", 1, 1, "nothing can be imported"),
        ("class A:\n    x = 1", 1, 1, "functions cannot be defined"),
        ("try:\n    x = 1\nexcept:\n    x = 2", 1, 1, "errors cannot be raised or caught"),
        ("return 3", 1, 1, "a script returns nothing"),
        ("x = 1\ndel x", 2, 1, "a name cannot be deleted"),
        ("if a:\n    pass\nresult = 1", 2, 5, "a branch that does nothing is not needed"),
        ('result = f"{a}"', 1, 10, "a text has no letter before its quote"),
        ('result = b"a"', 1, 10, "a text has no letter before its quote"),
        ('result = """a"""', 1, 10, "a text stands on one line"),
        ('result = "a', 1, 10, "this text is not closed"),
        ('result = "a\\n"', 1, 10, "the backslash is not used"),
        ("result = a + \\\n1", 1, 14, "the backslash is not used"),
        ('result = ["A" "B"][0]', 1, 15, "two texts stand side by side"),
        ('result = ["A"\n  "B"][0]', 2, 3, "two texts stand side by side"),
        ('result = "a" + "b"', 1, 10, "+ needs a number, not text"),
        ('result = "a" * 3', 1, 10, "* needs a number, not text"),
        ('result = "%s" % a', 1, 10, "% needs a number, not text"),
        ("result = 70 <= a <= 180", 1, 10, "comparisons cannot be chained; write 70 <= x and x <= 180"),
        ("result = _a", 1, 10, "a name cannot begin with _"),
        ("_ = 1\nresult = 1", 1, 1, "a name cannot begin with _"),
        ("result = a.__class__", 1, 12, "a name cannot begin with _"),
        ("température = 1\nresult = 1", 1, 1, "a name has only the letters a to z"),
        ("result = ａ", 1, 10, "a name has only the letters a to z"),  # noqa: RUF001  NFKC makes it an a
        ("result = a.ｆ", 1, 12, "a name has only the letters a to z"),  # noqa: RUF001
        ("result = glucos", 1, 10, "glucos is not known here; did you mean glucose?"),
        ("result = zzz", 1, 10, "zzz is not known here; it is neither an input nor set above"),
        ("result = meen([1])", 1, 10, "there is no function meen; did you mean mean?"),
        ("result = zzz([1])", 1, 10, "there is no function zzz; the functions are abs, band, exp"),
        ("result = int(a)", 1, 10, "there is no function int; write floor(x) or round(x)"),
        ("result = sorted([1])", 1, 10, "there is no function sorted; lists cannot be sorted"),
        ("result = eval(a)", 1, 10, "there is no function eval"),
        ("result = max", 1, 10, "max is a function; call it, as in max(values)"),
        ("max = 3\nresult = max", 1, 1, "max is a function; choose another name"),
        ("result = len([max for max in [1]])", 1, 23, "max is a function; choose another name"),
        ("result = a.mean()", 1, 10, "only the functions of the language are called: write mean(values)"),
        ("result = round(a, ndigits=1)", 1, 10, "round takes its arguments in order, without names"),
        ("result = sum(a, 1)", 1, 10, "sum takes 1 argument, not 2"),
        ("result = round(a, 1, 2)", 1, 10, "round takes 1 to 2 arguments, not 3"),
        ("result = band(a, [1])", 1, 10, "band takes 3 arguments, not 2"),
        ("result = band(a, [1, 2], [0, 1])", 1, 10, "band needs one more item in points than in limits"),
        ("result = band(a, [2, 1], [0, 1, 2])", 1, 10, "band needs limits that ascend"),
        ('result = band(a, ["b"], [0, 1])', 1, 10, "band needs limits that are numbers"),
        ("result = band(a, 1, 2)", 1, 10, "band takes a list of limits and a list of points"),
        ("result = min(*[1])", 1, 14, "a list cannot be spread out with *"),
        ("result = [1, *[2]]", 1, 14, "a list cannot be spread out with *"),
        ("result = sum(x for x in [1])", 1, 13, "write square brackets around it"),
        ("result = {1, 2}", 1, 10, "write a list with square brackets"),
        ("result = (1, 2)", 1, 10, "write a list with square brackets"),
        ("result = {x for x in [1]}", 1, 10, "write a list comprehension with square brackets"),
        ("result = {x: 1 for x in [1]}", 1, 10, "a record is written out field by field"),
        ("result = [1, 2][0:1]", 1, 17, "a part of a list cannot be cut out"),
        ("result = [[1]]", 1, 11, "a list holds numbers, texts, true or false, or records, not lists"),
        ("result = [y for x in [1] for y in [2]]", 1, 10, "a list comprehension has one for"),
        ("result = [x for x, y in [1]]", 1, 10, "a list comprehension has one for"),
        ("result = [sum([y for y in [1]]) for x in [2]]", 1, 15, "a list comprehension holds no other"),
        ('result = a["b"]', 1, 10, "a field is read with a dot"),
        ("result = {a: 1}", 1, 11, "the name of a field is written out as a text"),
        ("result = {**a}", 1, 10, "the name of a field is written out as a text"),
        ('result = {"a b": 1}', 1, 11, "a field's name has up to 60 letters"),
        ('result = {"__class__": 1}', 1, 11, "a field's name has up to 60 letters"),
        ('result = {"a": 1, "a": 2}', 1, 19, "the field a is there twice"),
        ('result = {"a": [1]}', 1, 16, "a field holds a number, a text, or true or false, not a list"),
        ('result = {"a": {"b": 1}}', 1, 16, "a field holds a number, a text, or true or false, not a record"),
        ("x = 1\nx += 1\nresult = x", 2, 3, "a name is not changed in place"),
        ("x = y = 1\nresult = x", 1, 1, "only one plain name stands before ="),
        ("x, y = 1, 2\nresult = x", 1, 1, "only one plain name stands before ="),
        ("a.b = 1\nresult = 1", 1, 1, "only one plain name stands before ="),
        ("a[0] = 1\nresult = 1", 1, 1, "only one plain name stands before ="),
        ("x: float = 1\nresult = x", 1, 1, "names have no types"),
        ("a\nresult = 1", 1, 1, "a line must assign to a name"),
        ("'''text'''\nresult = 1", 1, 1, "a text stands on one line"),
        (
            "match a:\n    case 1:\n        x = 1\nresult = 1",
            1,
            1,
            "there is no match; write if, elif and else",
        ),
        ("result = a // 2", 1, 12, "there is no //; write floor(a / b)"),
        ("result = a & 1", 1, 12, "write and instead of &"),
        ("result = a | 1", 1, 12, "write or instead of |"),
        ("result = a ^ 2", 1, 12, "write ** for a power"),
        ("result = ~a", 1, 10, "write not instead of ~"),
        ("result = a << 2", 1, 12, "bits cannot be shifted"),
        ("result = a @ a", 1, 12, "there is no @"),
        ("result = (b := 1)", 1, 13, "a value is assigned on a line of its own"),
        ("a = 1; result = a", 1, 6, "one statement stands on each line"),
        ("result = +a", 1, 10, "a + before a value does nothing"),
        ("result = a ≥ 1", 1, 12, "write >= instead of"),
        ("result = a – 1", 1, 12, "write a plain - (hyphen) for minus"),  # noqa: RUF001
        ("result = “high”", 1, 10, "write straight quotes"),
        ("result = a ? 1", 1, 12, "this character is not used in the language"),
        ("result\u00a0= 1", 1, 7, "character U+00A0 cannot be printed"),
        ("result = 1 # \u202e", 1, 14, "character U+202E cannot be printed"),
        ("result = 1\x00", 1, 11, "character U+0000 cannot be printed"),
        ("result = 1\x0c", 1, 11, "character U+000C cannot be printed"),
        ("result = 0x10", 1, 10, "a number is written in decimal"),
        ("result = 1j", 1, 10, "a number is written in decimal"),
        ("result = 1if a else 2", 1, 10, "a number is written in decimal"),
        ("result = 1.real", 1, 10, "a number is written in decimal"),
        ("result = 1000000000000000", 1, 10, "a number must be below 1e15"),
        ("result = 1e400", 1, 10, "a number must be below 1e15"),
        (f"result = {'9' * 41}", 1, 10, "a number has at most 40 characters"),
        (f'result = "{"a" * 201}"', 1, 10, "a text has at most 200 characters"),
        (f"result = [{'1,' * 1001}][0]", 1, 10, "a list has at most 1,000 items"),
        (
            "result = {" + ", ".join(f'"f{number}": 1' for number in range(101)) + "}",
            1,
            10,
            "a record has at most 100 fields",
        ),
        (f"result = {'n' * 61}", 1, 10, "a name has at most 60 characters"),
        ("result = ...", 1, 10, "this is no value"),
        ("result = a == None", 1, 10, "None is asked for with is"),
        ("result = a is 3", 1, 10, "is asks for None only"),
        ("result = [1][0] is None", 1, 10, "only a name or a field can be asked for None"),
        ("result = b is None", 1, 10, "b is not known here"),
        ("result = b.c is None", 1, 10, "b is not known here"),
        ("result = None + 1", 1, 10, "None is no value to work with"),
        ("result = (1 if a else None) + 1", 1, 11, "None is no value to work with"),
        ("result = [None]", 1, 11, "None is no value to work with"),
        ("if 1:\n    result = 1\nelse:\n    result = 2", 1, 4, "if needs true or false, not a number"),
        ('result = not "a"', 1, 14, "not needs true or false, not text"),
        ('result = 1 == "a"', 1, 10, "== compares values of one kind, not a number with text"),
        ("result = [1] == [1]", 1, 10, "== compares numbers, texts, or true and false, not a list"),
        ('result = "a" in "abc"', 1, 17, "in needs a list, not text"),
        ('result = "a" < "b"', 1, 10, "< needs a number, not text"),
        ("result = [1].a", 1, 10, ".a needs a record, not a list"),
        ('result = "abc"[0]', 1, 10, "an index needs a list, not text"),
        ("result = len([x for x in 3])", 1, 26, "for needs a list, not a number"),
        ("if a = 1:\n    result = 1", 1, 4, "one = assigns; write == to compare"),
        ("if a > 1\n    result = 1", 1, 9, "a colon is missing"),
        ("if a > 1:\nresult = 1", 2, 1, "the lines that belong to this if"),
        ("  result = 1", 1, 2, "this line is indented but belongs to no if"),
        ("result = (1", 1, 10, "this bracket is not closed"),
        ("result = 1)", 1, 11, "this bracket was not opened"),
        ("result = (1]", 1, 12, "this bracket does not match"),
        ("result = 1 2", 1, 12, "this cannot be read"),
        ("result = 007", 1, 10, "this cannot be read"),
        (f"result = {'(' * DEEP}1{')' * DEEP}", 1, 70, "brackets are nested deeper than 60"),
        (f"result = {'-' * DEEP}a", 1, 70, "nested deeper than 60"),
        (f"result = 1{' + 1' * DEEP}", 1, 10, "nested deeper than 60"),
    ],
)
def test_what_is_not_in_the_language_is_refused_with_what_to_write(
    source: str, line: int, column: int, message: str
) -> None:
    problem = refusal(source, "a", "glucose").problems[0]
    assert problem.message.startswith(message)
    assert (problem.line, problem.column) == (line, column)


@pytest.mark.parametrize(
    "source",
    [
        *(
            "x = a // 2",
            "x = a & a",
            "x = a | a",
            "x = a ^ a",
            "x = a << a",
            "x = a >> a",
            "x = a @ a",
            "x = ~a",
        ),
        *(
            "x = lambda: 1",
            'x = f"{a}"',
            'x = b"a"',
            "x = 1j",
            "x = (b := 1)",
            "x = [i async for i in a]",
            "x += 1",
        ),
        *(
            "for i in a:\n x = 1",
            "while a:\n x = 1",
            "def f():\n x = 1",
            "class A:\n x = 1",
            "import os",
            "del a",
        ),
        *(
            "with a:\n x = 1",
            "try:\n x = 1\nfinally:\n x = 1",
            "raise a",
            "assert a",
            "pass",
            "global a",
            "return",
        ),
    ],
)
def test_the_list_of_what_is_allowed_needs_no_help_from_the_look_at_the_words(source: str) -> None:
    context = Context(source, EXPRESSIONS, FUNCTIONS)
    context.declare("a")
    block(context, ast.parse(source).body)
    assert context.problems


@pytest.mark.parametrize("source", ["", "\n\n", "# nothing\n", "x = 1"])
def test_a_script_without_a_result_is_refused(source: str) -> None:
    (problem,) = refusal(source).problems
    assert problem == (0, 0, "the script sets no result; write result = ...")


def test_every_problem_is_told_at_once_in_the_order_of_the_source() -> None:
    refused = refusal("x = a + 'b'\ny = zzz\nresult = max(y, q)")
    assert [problem.line for problem in refused.problems] == [1, 1, 2, 3]
    assert str(refused).splitlines()[2].startswith("line 2, column 5: zzz is not known here")


def test_no_more_than_twenty_problems_are_told() -> None:
    assert len(refusal("x = zzz\n" * 500).problems) == 20
    assert len(refusal("x = _a\n" * 500).problems) == 20


def test_a_source_of_twenty_thousand_characters_is_read_and_one_more_is_refused() -> None:
    source = "result = 1 #"
    assert compile_script(source.ljust(20_000, "x"), ()).run({}).value == 1
    (problem,) = refusal(source.ljust(20_001, "x")).problems
    assert problem.message.startswith("a script has at most 20,000 characters")


def test_sixty_levels_are_read() -> None:
    assert value_of("(" * 60 + "1" + ")" * 60) == 1
    assert value_of("-" * 59 + "x", x=1) == -1
    nested = "".join(f"{' ' * level}if x > 0:\n" for level in range(50))
    assert compile_script(f"result = 0\n{nested}{' ' * 50}result = 1", ["x"]).run({"x": 1}).value == 1


def test_a_long_chain_of_elifs_is_not_nesting() -> None:
    branches = "".join(f"elif x == {number}:\n    result = {number}\n" for number in range(1, 300))
    source = f"if x == 0:\n    result = 0\n{branches}else:\n    result = -1"
    assert compile_script(source, ["x"]).run({"x": 299}).value == 299


def test_comments_and_texts_may_hold_what_the_language_does_not() -> None:
    assert value_of('"while µ° (import) é" # \\ lambda __class__ ((( “') == "while µ° (import) é"
    assert value_of("'say \"high\"'") == 'say "high"'


@pytest.mark.parametrize("name", ["_x", "max", "result", "if", "é", "a b", "", "1a", "x" * 61, "ａ"])  # noqa: RUF001
def test_an_input_must_have_a_name_that_a_script_can_read(name: str) -> None:
    with pytest.raises(ScriptRefused) as caught:
        compile_script("result = 1", [name])
    assert caught.value.problems[0].line == 0


def test_a_version_of_the_language_that_is_not_known_is_refused() -> None:
    with pytest.raises(ScriptRefused, match="language version 2 is not known here; version 1 is"):
        compile_script("result = 1", [], language_version=2)


def test_a_hundred_inputs_are_enough() -> None:
    with pytest.raises(ScriptRefused, match="a script has at most 100 inputs"):
        compile_script("result = 1", [f"x{number}" for number in range(101)])
