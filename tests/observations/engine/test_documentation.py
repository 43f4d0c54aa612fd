"""docs/script-language.md is a promise to authors: every example in it is run, every limit in it is the engine's."""

import ast
import json
import re
from pathlib import Path
from typing import Any

import pytest

from observations.engine import NotComputable, ScriptFailed, ScriptRefused, compile_script, limits
from observations.engine.functions import FUNCTIONS
from tests.observations.engine.running import refusal

PAGE = (Path(__file__).parents[3] / "docs" / "script-language.md").read_text(encoding="utf-8")
SCRIPTS = re.findall(r"```script\n# given (.*?)\n(.*?)```", PAGE, re.DOTALL)
TABLES = re.findall(r"((?:^\|.*\n)+)", PAGE, re.MULTILINE)
LIMITS = {
    "characters of a script": limits.MAX_SOURCE,
    "nesting, of brackets, operators and ifs in one another": limits.MAX_NESTING,
    "steps of one run": limits.MAX_STEPS,
    "size of any number, which is also finite": limits.NUMBER_LIMIT,
    "characters of a text": limits.MAX_TEXT,
    "items of a list, inputs too": limits.MAX_ITEMS,
    "fields of a record": limits.MAX_FIELDS,
    "inputs of a script": limits.MAX_INPUTS,
    "characters of a name": limits.MAX_NAME,
}


def rows(heading: str) -> list[list[str]]:
    """Give the cells of every row of the tables whose first heading this is."""
    tables = [table.splitlines() for table in TABLES if table.startswith(f"| {heading} |")]
    return [[cell.strip() for cell in re.split(r" ?\|", row)[1:-1]] for table in tables for row in table[2:]]


def code(cell: str) -> str:
    return cell.strip("`")


def ending(source: str, inputs: dict[str, Any]) -> str:
    """Give how a script ends, in the words of the page."""
    # The remark about the inputs is the script's first line.
    try:
        result = compile_script(f"# given\n{source}", inputs.keys()).run(inputs)
    except NotComputable as nothing:
        return f"# not computable: {nothing.reason}"
    except ScriptFailed as failed:
        return f"# fails at {failed.line}:{failed.column}: {failed.reason}"
    except ScriptRefused as refused:
        problem = refused.problems[0]
        return f"# refused at {problem.line}:{problem.column}: {problem.message}"
    return f"# gives {json.dumps(result.value)} in {result.steps} steps"


def test_the_page_has_examples_of_every_sort() -> None:
    assert len(SCRIPTS) >= 9
    assert len(rows("example")) >= 25
    assert len(rows("instead of")) >= 10


@pytest.mark.parametrize(("inputs", "source"), SCRIPTS)
def test_every_script_on_the_page_ends_as_the_page_says(inputs: str, source: str) -> None:
    promised = source.splitlines()[-1]
    assert promised.startswith(("# gives", "# not computable", "# fails at", "# refused at"))
    assert ending(source, json.loads(inputs)).startswith(promised)


@pytest.mark.parametrize(("expression", "value"), [row[:2] for row in rows("example")])
def test_every_expression_on_the_page_gives_what_the_page_says(expression: str, value: str) -> None:
    result = compile_script(f"result = {code(expression)}", ()).run({}).value
    assert json.dumps(result) == code(value)


@pytest.mark.parametrize(("refused", "instead"), rows("instead of"))
def test_what_the_page_says_is_refused_is_and_what_it_offers_instead_is_not(
    refused: str, instead: str
) -> None:
    names = ("x", "values", "record", "text")
    assert refusal(f"result = {code(refused)}", *names).problems
    assert compile_script(f"part = {code(instead)}\nresult = 1", names)


def test_the_page_names_the_limits_of_the_engine() -> None:
    written = {what: float(limit.removeprefix("below ").replace(",", "")) for what, limit in rows("what")}
    assert written == LIMITS


def test_the_page_shows_every_function() -> None:
    calls = [ast.parse(code(row[0]), mode="eval").body for row in rows("example")]
    shown = {call.func.id for call in calls if isinstance(call, ast.Call) and isinstance(call.func, ast.Name)}
    assert set(FUNCTIONS) <= shown
