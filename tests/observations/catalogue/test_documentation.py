"""docs/catalogue.md says what the engine does: conversions, ranges, and every reason for which a reading is refused."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from clinical_engine.api import duplicate_keys, refused_requests
from clinical_engine.running.environment import ROOT
from observations.catalogue import catalogue, preload, preload_scores
from observations.catalogue.entries import Entry
from observations.reasons import REASONS

DOCUMENT = (ROOT / "docs" / "catalogue.md").read_text()
# Where readings are read and checked, whatever way they come in by.
SOURCES = [
    *(ROOT / "observations" / "intake").rglob("*.py"),
    *(ROOT / "observations" / "fhir").rglob("*.py"),
    ROOT / "observations" / "api" / "decoding.py",
    ROOT / "observations" / "importing" / "reading.py",
    ROOT / "clinical_engine" / "api" / "decoding.py",
    ROOT / "patients" / "validation.py",
    # Requests to store something else are counted beside readings.
    ROOT / "patients" / "services" / "accepting.py",
    ROOT / "patients" / "services" / "moving.py",
    ROOT / "patients" / "services" / "facts" / "checking.py",
    ROOT / "patients" / "api" / "submitters.py",
    ROOT / "patients" / "api" / "rosters" / "bodies.py",
    ROOT / "clinical_engine" / "api" / "parsers.py",
]
# Said of a search, or of a reading that is kept beside the first.
NO_REFUSALS_OF_READINGS = {"unknown_parameter", "twice", "conflict"}


def rows_below(heading: str) -> list[str]:
    """The rows of the first table below a heading."""
    lines = DOCUMENT.split(f"\n## {heading}\n")[1].split("\n## ")[0].splitlines()
    return [line for line in lines if line.startswith("| ")][1:]


def test_the_conversions_are_those_of_the_catalogue() -> None:
    assert rows_below("Units") == [
        f"| `{canonical}` | `{sent}` | {' | '.join(numbers)} |"
        for (canonical, sent), numbers in (preload.CONVERSIONS | preload_scores.CONVERSIONS).items()
    ]


@pytest.mark.django_db
def test_the_ranges_are_those_of_the_catalogue() -> None:
    codes = catalogue().by_code
    assert rows_below("Plausible ranges") == [
        f"| {code} | {codes[code].display} | {low} to {high} {codes[code].canonical_unit} |"
        for code, (low, high) in (preload.PLAUSIBLE | preload_scores.PLAUSIBLE).items()
    ]


@pytest.mark.django_db
def test_what_the_scores_read_is_sent_as_the_catalogue_has_it() -> None:
    codes = catalogue().by_code
    assert rows_below("What the library's scores read") == [
        f"| {code} | {codes[code].display} | {sent_as(codes[code])} |"
        for _, code, *_ in [*preload_scores.MEASURED, preload_scores.CAT]
    ]


def sent_as(entry: Entry) -> str:
    if entry.parts:
        answers = {tuple(catalogue().by_code[part].answers) for part in entry.parts}
        return f"{', '.join(entry.parts)}: each {', '.join(*answers)}"
    named = [f"{answer} ({display})" for answer, display in entry.answers.items()]
    return ", ".join(entry.units or named or ["true", "false"])


def test_every_reason_is_explained() -> None:
    assert rows_below("Why a reading is refused") == [
        f"| `{name}` | {reason.meaning} | {reason.remedy} |" for name, reason in REASONS.items()
    ]


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: str(source.relative_to(ROOT)))
def test_no_reading_is_refused_for_a_reason_that_nobody_explains(source: Path) -> None:
    assert set(reasons_in(source)) - NO_REFUSALS_OF_READINGS <= REASONS.keys()


def test_no_request_is_refused_as_a_whole_for_a_reason_that_nobody_explains() -> None:
    own = refused_requests.OWN_WORDS
    assert {own.get(kind, kind.replace("-", "_")) for kind in refused_requests.ABOUT} <= REASONS.keys()
    assert duplicate_keys.DUPLICATE_KEY in REASONS


def reasons_in(source: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(source.read_text())):
        match node:
            # A reason that is no constant is handed on from another refusal.
            case ast.Call(func=ast.Name("Refusal"), args=[_, ast.Constant(reason), *_]):
                yield str(reason)
            case ast.Call(func=ast.Name("fault"), args=[_, _, ast.Constant(reason), *_]):
                yield str(reason)
            # Elements that are not taken: (field, reason, message).
            case ast.Tuple([ast.Constant(), ast.Constant(reason), ast.Constant()]) if (
                source.stem == "decoding"
            ):
                yield str(reason)
