"""A version's own test cases: given these inputs, expect this."""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from clinical_engine.common.errors import Refusal
from clinical_engine.jobs.payloads.faults import fault_of
from observations.computing.evaluating import run_invented
from observations.engine import ScriptFailed
from observations.engine.values import Scalar
from observations.models import ScriptVersion
from observations.scripts.declarations import DeclaredInput, DeclaredOutput, OutputKind
from observations.scripts.outputs import Output
from observations.scripts.publications import Published, ready

MAX_CASES = 200
"""Of one version. A form holds a thousand fields, and a case is three or more."""


class Case(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One test case: the inputs as the script sees them, and either the fields expected or why nothing is computable.

    `not_computable` is the reason in the engine's words, or True for any.
    """

    inputs: dict[str, Any]
    name: str = ""
    expected: dict[str, Scalar] | None = None
    not_computable: str | bool = False


class CaseOutcome(NamedTuple):
    """What one test case gave. `difference` says what is not as expected; empty when it passes."""

    number: int
    name: str
    difference: str
    actual: str


def problems_of_cases(
    cases: Sequence[Any], inputs: Mapping[str, DeclaredInput], outputs: Mapping[str, DeclaredOutput]
) -> Iterator[Refusal]:
    """What is wrong with test cases as they are written, whatever they give."""
    if len(cases) > MAX_CASES:
        yield Refusal("test_cases", "too_many", f"At most {MAX_CASES} test cases.")
        return
    for number, stored in enumerate(cases, 1):
        where = f"test_cases.{number}"
        try:
            case = msgspec.convert(stored, Case)
        except msgspec.ValidationError as error:
            yield Refusal(where, "wrong_shape", fault_of(error))
            continue
        if unknown := sorted(case.inputs.keys() - inputs.keys()):
            yield Refusal(f"{where}.inputs", "unknown_input", f"There is no input {unknown[0]}.")
        if (case.expected is None) == (case.not_computable is False):
            yield Refusal(where, "required", "Either what is expected, or that it is not computable.")
        elif case.expected is not None and (differing := sorted(case.expected.keys() ^ outputs.keys())):
            yield Refusal(
                f"{where}.expected", "wrong_fields", f"It expects each output, and no other: {differing[0]}."
            )


def outcomes_of(version: ScriptVersion) -> list[CaseOutcome]:
    """Run every test case of a version. Raises RefusedError or ScriptRefused when the version itself is not as it should be."""
    return [*each_outcome_of(version)]


def each_outcome_of(version: ScriptVersion) -> Iterator[CaseOutcome]:
    """The same one by one, each run when it is asked for; the cases are of the shape that `problems_of_cases` accepts."""
    published = ready(version)
    for number, stored in enumerate(version.test_cases, 1):
        yield _outcome(published, number, stored)


def failing_test_cases(version: ScriptVersion) -> list[str]:
    """What is wrong with the version's test cases, a sentence each; empty when there are some and all of them pass."""
    if not version.test_cases:
        return ["it has no test case."]
    return [
        f"test case {outcome.number}{f' ({outcome.name})' * bool(outcome.name)} {outcome.difference}"
        for outcome in outcomes_of(version)
        if outcome.difference
    ]


def _outcome(version: Published, number: int, stored: Any) -> CaseOutcome:  # noqa: ANN401 - as it is stored
    case = msgspec.convert(stored, Case)
    try:
        output, reason = run_invented(version, case.inputs)
    except ScriptFailed as failure:
        return CaseOutcome(number, case.name, f"fails: {failure}.", f"failed: {failure}")
    except (TypeError, ValueError) as error:
        return CaseOutcome(number, case.name, "has inputs of a wrong shape.", str(error))
    if output is None:
        expected = case.not_computable is True or case.not_computable == reason
        return CaseOutcome(
            number,
            case.name,
            "" if expected else f"is not computable: {reason}.",
            f"not computable: {reason}",
        )
    actual = _whole(version, output)
    return CaseOutcome(number, case.name, _difference(case, actual), _shown(actual))


def _whole(version: Published, output: Output) -> dict[str, Scalar]:
    """The result with its interpretation among its fields, as the script gave it."""
    named = [name for name, one in version.outputs.items() if one.kind is OutputKind.INTERPRETATION]
    return output.values | dict.fromkeys(named, output.interpretation)


def _shown(values: Mapping[str, Scalar]) -> str:
    return ", ".join(f"{name} {value}" for name, value in values.items())


def _difference(case: Case, actual: Mapping[str, Scalar]) -> str:
    if case.expected is None:
        return f"gives {_shown(actual)}, though nothing should be computable."
    wrong = [name for name in case.expected if not _is_equal(actual.get(name), case.expected[name])]
    return "" if not wrong else f"gives {wrong[0]} {actual.get(wrong[0])}, not {case.expected[wrong[0]]}."


def _is_equal(actual: Scalar | None, expected: Scalar) -> bool:
    # True is 1 to Python, and no number to a script.
    if isinstance(actual, bool) or isinstance(expected, bool):
        return actual is expected
    if isinstance(actual, int | float) and isinstance(expected, int | float):
        return math.isclose(actual, expected, rel_tol=1e-9)
    return actual == expected
