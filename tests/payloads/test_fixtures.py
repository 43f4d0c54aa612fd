"""Every format that was ever released has examples, and a missing one is noticed."""

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from clinical_engine.jobs.registry import JobKind, kinds
from tests.jobs.support import Numbered, succeed
from tests.payloads.fixtures import problems

NOT_WHOLE = (
    "The payload of format 1 does not fit Listed: numbers[0] must be a whole number, not true or false."
)


class Listed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A newer format of Numbered's."""

    numbers: list[int]


def to_listed(old: dict[str, int]) -> dict[str, list[int]]:
    return {"numbers": [old["number"]]}


def test_every_format_of_every_kind_has_examples_that_become_what_they_must() -> None:
    assert problems(kinds()) == []


class Examples:
    """A folder of examples for tests of the test."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def write(self, kind: str, version: str, *examples: tuple[object, object]) -> None:
        (self.folder / kind).mkdir(exist_ok=True)
        content = [{"before": before, "after": after} for before, after in examples]
        (self.folder / kind / f"{version}.json").write_text(json.dumps(content))

    def problems_of(self, *kinds: JobKind) -> list[str]:
        return problems(kinds, self.folder)


@pytest.fixture
def examples(tmp_path: Path) -> Examples:
    return Examples(tmp_path)


def test_a_kind_without_examples_is_noticed() -> None:
    made_up = JobKind("made-up", succeed, Numbered)
    assert "made-up has no example of format 1." in problems([*kinds(), made_up])


def test_each_format_needs_an_example(examples: Examples) -> None:
    kind = JobKind("numbered", succeed, Listed, version=2, upcasters={1: to_listed})
    examples.write("numbered", "v1", ({"number": 1}, {"numbers": [1]}))
    assert examples.problems_of(kind) == ["numbered has no example of format 2."]
    examples.write("numbered", "v2")
    assert examples.problems_of(kind) == ["numbered has no example of format 2."]
    examples.write("numbered", "v2", ({"numbers": [1]}, {"numbers": [1]}))
    assert examples.problems_of(kind) == []


def test_an_example_that_becomes_something_else_is_noticed(examples: Examples) -> None:
    kind = JobKind("numbered", succeed, Listed, version=2, upcasters={1: to_listed})
    examples.write("numbered", "v1", ({"number": 1}, {"numbers": [2]}), ({"number": True}, {"numbers": [1]}))
    examples.write("numbered", "v2", ({"numbers": [1]}, {"numbers": [1]}))
    assert examples.problems_of(kind) == [
        "numbered, format 1, example 1: It does not become what stands under 'after'.",
        f"numbered, format 1, example 2: {NOT_WHOLE}",
    ]


def test_a_step_that_changes_what_it_is_given_is_noticed(examples: Examples) -> None:
    def impure(old: dict[str, Any]) -> dict[str, Any]:
        return {"numbers": [old.pop("number")]}

    kind = JobKind("numbered", succeed, Listed, version=2, upcasters={1: impure})
    examples.write("numbered", "v1", ({"number": 1}, {"numbers": [1]}))
    examples.write("numbered", "v2", ({"numbers": [1]}, {"numbers": [1]}))
    assert examples.problems_of(kind) == [
        "numbered, format 1, example 1: A step changes the payload that it is given."
    ]


def test_examples_of_what_is_gone_are_noticed(examples: Examples) -> None:
    examples.write("numbered", "v1", ({"number": 1}, {"number": 1}))
    examples.write("numbered", "v2", ({"number": 1}, {"number": 1}))
    examples.write("gone", "v1", ({}, {}))
    assert examples.problems_of(JobKind("numbered", succeed, Numbered)) == [
        "numbered has examples of the format v2, which this release does not read.",
        "There are examples of gone, which is no kind of job.",
    ]
