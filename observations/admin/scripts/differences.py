"""What a version changes against another: its source line by line, and each of its inputs and outputs."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from difflib import SequenceMatcher
from typing import Any, NamedTuple

from observations.models import ScriptVersion

_CONTEXT = 3


class Line(NamedTuple):
    """A line of the comparison: its number before and after ('' where it is not there), and 'kept', 'gone', 'new' or 'skipped'."""

    before: str
    after: str
    kind: str
    text: str


class Change(NamedTuple):
    """An input, output or test case that differs: as it is stored before and after, '' where there is none."""

    name: str
    before: str
    after: str


class Differences(NamedTuple):
    """Everything that differs; all empty when nothing does."""

    lines: Sequence[Line]
    inputs: Sequence[Change]
    outputs: Sequence[Change]
    cases: Sequence[Change]


def differences(before: ScriptVersion | None, after: ScriptVersion) -> Differences:
    """What `after` says that `before` does not; everything is new when there is none before."""
    source = "" if before is None else before.source
    return Differences(
        list(_lines(source.splitlines(), after.source.splitlines())),
        list(_changes({} if before is None else before.declared, after.declared)),
        list(_changes({} if before is None else before.outputs, after.outputs)),
        list(_changes({} if before is None else _named(before.test_cases), _named(after.test_cases))),
    )


def _lines(before: Sequence[str], after: Sequence[str]) -> Iterator[Line]:
    # What occurs often is not junk in a script: every line counts.
    groups = SequenceMatcher(None, before, after, autojunk=False).get_grouped_opcodes(_CONTEXT)
    for number, group in enumerate(groups):
        if number:
            yield Line("", "", "skipped", "⋯")
        for tag, first, last, new_first, new_last in group:
            if tag == "equal":
                for shift in range(last - first):
                    place = first + shift
                    yield Line(str(place + 1), str(new_first + shift + 1), "kept", before[place])
                continue
            yield from (Line(str(place + 1), "", "gone", before[place]) for place in range(first, last))
            yield from (Line("", str(place + 1), "new", after[place]) for place in range(new_first, new_last))


def _changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Change]:
    for name in [*before, *(name for name in after if name not in before)]:
        if before.get(name) != after.get(name):
            yield Change(name, _text(before.get(name)), _text(after.get(name)))


def _text(value: object) -> str:
    return "" if value is None else json.dumps(value, ensure_ascii=False)


def _named(cases: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    """The test cases by their names, or by their inputs; of the same name all are there, with their number among those."""
    seen: Counter[str] = Counter()
    named = {}
    for case in cases:
        name = case.get("name") or _text(case.get("inputs"))
        seen[name] += 1
        named[name if seen[name] == 1 else f"{name} ({seen[name]})"] = case
    return named
