"""A script, compiled: the way into the engine."""

import ast
import keyword
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final, cast

from observations.engine import arithmetic, calls, comparisons, containers, leaves, logic
from observations.engine.context import Context, Handler
from observations.engine.errors import NotComputable, Problem, ScriptFailed, ScriptRefused
from observations.engine.explaining import Explanation, Result, Watcher
from observations.engine.functions import FUNCTIONS
from observations.engine.lexis import check_words, normalised
from observations.engine.limits import MAX_INPUTS, MAX_NAME, MAX_STEPS
from observations.engine.statements import block
from observations.engine.syntax import parse
from observations.engine.values import Input, Kind, admit, release

LANGUAGE_VERSION: Final = 1
"""The newest version of the language that this engine runs. It runs every older one exactly as it was."""

RESULT: Final = "result"
_INPUT_NAME: Final = re.compile(rf"[A-Za-z][A-Za-z0-9_]{{0,{MAX_NAME - 1}}}")

EXPRESSIONS: Final[Mapping[type[ast.expr], Handler]] = {
    ast.Constant: leaves.literal,
    ast.Name: leaves.name,
    ast.Attribute: leaves.field,
    ast.BinOp: arithmetic.calculation,
    ast.UnaryOp: logic.unary,
    ast.BoolOp: logic.decision,
    ast.Compare: comparisons.comparison,
    ast.IfExp: logic.conditional,
    ast.List: containers.list_display,
    ast.Dict: containers.record_display,
    ast.ListComp: containers.comprehension,
    ast.Subscript: containers.index,
    ast.Call: calls.call,
}
"""The allow-list: what is not in it is refused. The author's text reaches nothing but these."""


@dataclass(frozen=True, slots=True)
class CompiledScript:
    """A script that passed every check. Immutable: one serves any number of threads and forked processes."""

    inputs: tuple[str, ...]
    language_version: int
    names_read: frozenset[str]
    """The inputs that the source reads; another one is of no use to it."""
    result_kind: Kind
    """What is sure of the kind of the result; ANY where nothing is."""
    _source: str
    _body: Callable[..., Any]
    _numbers: Mapping[str, int]
    _last_line: int

    def run(self, inputs: Mapping[str, Input]) -> Result:
        """Compute the result from the inputs: numbers, texts, booleans, flat records, lists of these.

        An input that is None or absent has no value. A list is given as a sequence, a record as a mapping.

        Raises NotComputable when the script reads what has no value (a result, not a failure), ScriptFailed
        when the run breaks a rule of the language or an input a bound; no text of either carries a value.
        Raises TypeError for an input that is no plain value and ValueError for a name that is not among the
        script's inputs: mistakes of the caller.
        """
        values: list[object] = [None] * len(self._numbers)
        for name, value in inputs.items():
            number = self._numbers.get(name)
            if number is None:
                raise ValueError(f"{name} is not an input of this script")
            values[number] = admit(name, value)
        budget = [MAX_STEPS]
        result = self._body(budget, *values)
        return Result(release(result, self._last_line, 1), MAX_STEPS - budget[0])

    def explain(self, inputs: Mapping[str, Input]) -> Explanation:
        """Do the same run and tell what was assigned and decided on the way to the end, whatever that is.

        The steps hold values of the patient: for the eyes of those who may see the measurements.

        Raises TypeError and ValueError as `run` does.
        """
        watcher = Watcher()
        watched = _compiled(self._source, self.inputs, self.language_version, {}, watcher)
        try:
            ending: Result | NotComputable | ScriptFailed = watched.run(inputs)
        except (NotComputable, ScriptFailed) as error:
            ending = error.with_traceback(None)
        return Explanation(tuple(watcher.steps), watcher.is_complete, ending)


def compile_script(
    source: str,
    inputs: Collection[str],
    language_version: int = LANGUAGE_VERSION,
    *,
    kinds: Mapping[str, Kind] = MappingProxyType({}),
) -> CompiledScript:
    """Check a source against the language and compile it, once for any number of runs.

    `inputs` are the names that the script may read without setting them. `kinds` are those of inputs whose
    kind is known: what can never work with them is refused. They change nothing in a run.

    Raises ScriptRefused, with a line, a column and what to write instead for each problem.
    """
    _check_declaration(inputs, language_version)
    return _compiled(normalised(source), tuple(inputs), language_version, kinds, None)


def _compiled(
    source: str,
    inputs: tuple[str, ...],
    language_version: int,
    kinds: Mapping[str, Kind],
    watcher: Watcher | None,
) -> CompiledScript:
    check_words(source)
    statements = parse(source)
    context = Context(source, EXPRESSIONS, FUNCTIONS, watcher)
    slots = {name: context.declare(name) for name in inputs}
    context.kinds.update({slots[name]: kind for name, kind in kinds.items() if name in slots})
    block(context, statements)
    if RESULT not in context.names and not context.problems:
        context.problems.append(_no_result(context))
    if context.problems:
        raise ScriptRefused(tuple(sorted(context.problems)))
    result = context.names[RESULT]
    return CompiledScript(
        inputs,
        language_version,
        frozenset(name for name, slot in slots.items() if slot in context.slots_read),
        context.facts.get(result) or Kind.ANY,
        source,
        context.program.function([f"v{slot}" for slot in slots.values()], f"v{result}"),
        {name: number for number, name in enumerate(slots)},
        cast("int", statements[-1].end_lineno),
    )


def _check_declaration(inputs: Collection[str], language_version: int) -> None:
    messages = [message for name in inputs if (message := _about_input(name))]
    if language_version != LANGUAGE_VERSION:
        messages.append(
            f"language version {language_version} is not known here; version {LANGUAGE_VERSION} is"
        )
    if len(inputs) > MAX_INPUTS:
        messages.append(f"a script has at most {MAX_INPUTS} inputs")
    if messages:
        raise ScriptRefused(tuple(Problem(0, 0, message) for message in messages))


def _about_input(name: str) -> str | None:
    if not _INPUT_NAME.fullmatch(name) or keyword.iskeyword(name):
        return (
            f"an input's name has up to {MAX_NAME} letters a to z, digits and _, a letter first; no keyword"
        )
    if name in FUNCTIONS or name == RESULT:
        return f"{name} has a meaning of its own; give the input another name"
    return None


def _no_result(context: Context) -> Problem:
    if context.is_declared(RESULT):
        return Problem(0, 0, "result is not set on every way through; set it in each branch and an else")
    return Problem(0, 0, "the script sets no result; write result = ...")
