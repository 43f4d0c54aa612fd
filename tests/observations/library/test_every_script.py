"""What holds for every script of the library: it passes its own cases, says where it comes from, and stays within bounds."""

import ast
import re
from itertools import groupby
from typing import Any

import pytest

from observations.engine import NotComputable
from observations.engine.limits import MAX_STEPS
from observations.scripts.declarations import (
    DeclaredOutput,
    OutputKind,
    declared_inputs,
    declared_outputs,
    scripts_read,
)
from observations.scripts.library import LIBRARY, LibraryScript
from tests.observations.library.running import BY_NAME, agree, compiled, result, run

CASES = [(script.name, case) for script in LIBRARY for case in script.test_cases]
EVERY = pytest.mark.parametrize("script", LIBRARY, ids=lambda script: script.name)


@pytest.mark.parametrize(
    ("name", "case"),
    CASES,
    ids=[f"{name}: {case.get('name', number)}" for number, (name, case) in enumerate(CASES)],
)
def test_a_script_gives_what_its_case_expects(name: str, case: dict[str, Any]) -> None:
    if "expected" in case:
        assert agree(result(name, case["inputs"]), case["expected"])
        return
    with pytest.raises(NotComputable) as stopped:
        compiled(name).run(case["inputs"])
    assert case["not_computable"] in {True, str(stopped.value)}


@pytest.mark.parametrize(("name", "case"), [(name, case) for name, case in CASES if "not_computable" in case])
def test_why_nothing_can_be_computed_begins_with_the_name_of_an_input(
    name: str, case: dict[str, Any]
) -> None:
    with pytest.raises(NotComputable) as stopped:
        run(name, case["inputs"])
    lacking = str(stopped.value).removeprefix("no value for ")
    assert any(re.match(rf"{one}(?![a-z0-9])", lacking) for one in BY_NAME[name].inputs), lacking


@EVERY
def test_a_script_declares_what_can_be_stored(script: LibraryScript) -> None:
    declared_inputs(script.inputs)
    declared_outputs(script.outputs)
    assert all(field.isidentifier() for field in script.outputs)


@EVERY
def test_a_script_reads_every_input_that_it_declares(script: LibraryScript) -> None:
    names = {node.id for node in ast.walk(ast.parse(script.source)) if isinstance(node, ast.Name)}
    assert script.inputs.keys() <= names


@EVERY
def test_a_script_says_what_it_is_where_it_comes_from_and_on_what_terms(script: LibraryScript) -> None:
    assert all((script.summary, script.source_reference, script.licence))
    has_one = any(output == {"kind": "interpretation"} for output in script.outputs.values())
    assert has_one == bool(script.interpretation)


def test_names_are_used_once_and_a_script_that_reads_another_comes_after_it() -> None:
    names = [script.name for script in LIBRARY]
    assert len(set(names)) == len(names)
    for position, script in enumerate(LIBRARY):
        assert scripts_read(declared_inputs(script.inputs).values()) <= set(names[:position])


@EVERY
def test_every_answer_that_a_field_may_have_is_given_in_a_case(script: LibraryScript) -> None:
    for field, output in declared_outputs(script.outputs).items():
        given = {case["expected"][field] for case in script.test_cases if "expected" in case}
        assert given >= answers_of(output)


def answers_of(output: DeclaredOutput) -> set[str]:
    return set(output.answers) if output.kind is OutputKind.CODED else set()


@EVERY
def test_every_interpretation_that_the_source_names_is_given_in_a_case(script: LibraryScript) -> None:
    given = {
        case["expected"]["interpretation"]
        for case in script.test_cases
        if "interpretation" in case.get("expected", {})
    }
    named = {word for word in ("abnormal", "critical") if f"{word} " in script.interpretation.lower()}
    assert given - {"normal"} == named - not_meant(script)


def not_meant(script: LibraryScript) -> set[str]:
    """What a text names only to say that there is none."""
    denials = (
        "No source names a critical",
        "No critical limit",
        "None is critical",
        "names a critical average",
    )
    return {"critical"} if any(denial in script.interpretation for denial in denials) else set()


@EVERY
def test_the_cases_of_a_script_have_names_of_their_own(script: LibraryScript) -> None:
    names = sorted(case["name"] for case in script.test_cases if "name" in case)
    assert [name for name, same in groupby(names) if len(list(same)) > 1] == []


LISTS = [
    (script.name, name)
    for script in LIBRARY
    for name, declared in script.inputs.items()
    if declared.get("how") == "all_within"
]


@pytest.mark.parametrize(("script", "name"), LISTS)
def test_a_script_copes_with_as_many_readings_as_an_input_may_have(script: str, name: str) -> None:
    declared = BY_NAME[script].inputs[name]
    if not declared.get("timed"):
        readings: list[Any] = [100.0 + position % 90 for position in range(1000)]
    else:
        fields = declared.get("fields", {"value": ""})
        window = declared["window_seconds"] / 3600
        readings = [
            dict.fromkeys(fields, 40 + position % 230)
            | {"hours": window * (1 - position / 1000), "day": int(window * (1 - position / 1000) / 24)}
            | {"local_hour": position % 24}
            for position in range(1000)
        ]
    assert compiled(script).run({name: readings}).steps < MAX_STEPS
