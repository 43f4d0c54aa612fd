"""What a script version holds, and everything that can be wrong with it before it is ever run."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from graphlib import CycleError
from typing import Any

from clinical_engine.common.errors import Refusal, RefusedError
from observations.catalogue import Catalogue, catalogue
from observations.catalogue.entries import Entry
from observations.computing.plan import order_of
from observations.engine import ScriptRefused, compile_script
from observations.models import COMPOSED, ScriptVersion
from observations.scripts.declarations import (
    DeclaredInput,
    DeclaredOutput,
    MeasurementInput,
    ScriptInput,
    declared_inputs,
    declared_outputs,
    scripts_read,
)
from observations.scripts.kinds import kinds_of
from observations.scripts.publications import ready, time_lines
from observations.scripts.testing import problems_of_cases

_TIMES = frozenset({"value", "hours", "day", "local_hour"})


@dataclass(frozen=True, slots=True)
class ScriptContent:
    """The fields of a version that its author writes; in the form in which ScriptVersion stores them, the inputs in order."""

    source: str
    inputs: dict[str, Any]
    outputs: dict[str, Any]
    test_cases: list[dict[str, Any]] = field(default_factory=list)
    note: str = ""


def content_of(version: ScriptVersion) -> ScriptContent:
    """What a version holds."""
    return ScriptContent(version.source, version.declared, version.outputs, version.test_cases, version.note)


def check(script_name: str, content: ScriptContent) -> None:
    """Raise RefusedError with everything that is wrong with a version of the script, each by its field.

    Problems of the source are at 'line 3, column 5'; those of an input at 'inputs.<name>.<field>'.
    """
    inputs = declared_inputs(content.inputs)
    outputs = declared_outputs(content.outputs)
    refusals = [
        *_problems_of_source(content.source, inputs),
        *_problems_of_inputs(inputs, catalogue()),
        *_problems_of_outputs(outputs),
        *_problems_of_reading_scripts(script_name, inputs),
        *problems_of_cases(content.test_cases, inputs, outputs),
    ]
    if refusals:
        raise RefusedError(*refusals)


def _problems_of_source(source: str, inputs: Mapping[str, DeclaredInput]) -> Iterator[Refusal]:
    try:
        compile_script(source, tuple(inputs), kinds=kinds_of(inputs, catalogue()))
    except ScriptRefused as refused:
        for problem in refused.problems:
            place = f"line {problem.line}, column {problem.column}" if problem.line else "source"
            yield Refusal(place, "script_refused", problem.message)


def _problems_of_inputs(inputs: Mapping[str, DeclaredInput], codes: Catalogue) -> Iterator[Refusal]:
    for name, declared in inputs.items():
        if isinstance(declared, MeasurementInput):
            for where, code, message in _problems_of_reading(declared, codes):
                yield Refusal(f"inputs.{name}.{where}", code, message)


def _problems_of_reading(declared: MeasurementInput, codes: Catalogue) -> Iterator[tuple[str, str, str]]:
    entry = codes.measurable(declared.code)
    if entry is None:
        yield "code", "unknown_code", "The catalogue has no such code of measurements."
        return
    if declared.unit and declared.unit not in entry.units:
        known = ", ".join(entry.units) or "none: it is no quantity"
        yield "unit", "wrong_unit", f"{declared.unit} is no unit of {declared.code}; its units are {known}."
    if entry.kind in COMPOSED and not declared.fields:
        yield "fields", "required", f"{declared.code} has several values: name those that are read."
    for name, part in declared.fields.items():
        if part not in entry.parts:
            yield "fields", "unknown_part", f"{declared.code} has no part {part}."
        if not name.isidentifier() or not name.isascii() or name.startswith("_"):
            yield "fields", "wrong_name", f"A field's name has letters, digits and _: not {name!r}."
        if declared.timed and name in _TIMES:
            yield "fields", "wrong_name", f"A timed reading has a field {name} of its own."
    if declared.take == "score" and not _has_scores(entry, declared, codes):
        yield "take", "no_scores", "No answer has a score in the catalogue."


def _has_scores(entry: Entry, declared: MeasurementInput, codes: Catalogue) -> bool:
    parts = [codes.by_code[part] for part in declared.fields.values() if part in codes.by_code]
    return any(one.scores for one in [entry, *parts])


def _problems_of_outputs(outputs: Mapping[str, DeclaredOutput]) -> Iterator[Refusal]:
    for name in outputs:
        if not name.isidentifier() or not name.isascii() or name.startswith("_"):
            yield Refusal(f"outputs.{name}", "wrong_name", "An output's name has letters, digits and _.")


def _problems_of_reading_scripts(name: str, inputs: Mapping[str, DeclaredInput]) -> Iterator[Refusal]:
    read = {key: one for key, one in inputs.items() if isinstance(one, ScriptInput)}
    if not read:
        return
    outputs = _newest_outputs({one.script for one in read.values()})
    for key, declared in read.items():
        if declared.script not in outputs:
            yield Refusal(f"inputs.{key}.script", "unknown_script", "There is no script of this name.")
        elif declared.output not in outputs[declared.script]:
            known = ", ".join(outputs[declared.script])
            yield Refusal(f"inputs.{key}.output", "unknown_output", f"{declared.script} gives {known}.")
    path = _cycle(name, scripts_read(inputs.values()))
    if path:
        message = f"The scripts would read each other in a circle: {' reads '.join(path)}."
        yield Refusal("inputs", "cycle", message)


def _newest_outputs(names: set[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    rows = ScriptVersion.objects.filter(script__name__in=names).select_related("script").order_by("number")
    for version in rows:
        fields = [key for key, one in version.outputs.items() if one.get("kind") != "interpretation"]
        found[version.script.name] = fields
    return found


def _cycle(name: str, reads: set[str]) -> list[str]:
    """The path by which a script would read itself, or nothing; by what is published, and drafts that are newer."""
    graph = {
        line.name: {n for v in line.versions for n in scripts_read(v.inputs.values())}
        for line in time_lines()
    }
    for draft in (
        ScriptVersion.objects.filter(published_at=None).exclude(script__name=name).select_related("script")
    ):
        graph.setdefault(draft.script.name, set()).update(scripts_read(ready(draft).inputs.values()))
    graph[name] = graph.get(name, set()) | reads
    try:
        order_of(graph)
    except CycleError as cycle:
        path: list[str] = list(reversed(cycle.args[1]))
        return path
    return []
