"""Payloads of every format that was ever released, before and after: `<kind>/v<version>.json`, a list of examples each.

docs/decisions/payload-formats.md says what to add when a format is added.
"""

import json
from collections.abc import Iterable, Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import msgspec

from clinical_engine.jobs.registry import InvalidPayloadError, JobKind

FOLDER = Path(__file__).parent


def problems(kinds: Iterable[JobKind], folder: Path = FOLDER) -> list[str]:
    """What is missing, left over or wrong in the fixtures of these kinds, a sentence each."""
    known = {kind.name: kind for kind in kinds}
    found = [problem for kind in known.values() for problem in _problems_of(kind, folder / kind.name)]
    left = sorted(path.parent.name for path in folder.glob("*/*.json") if path.parent.name not in known)
    return found + [f"There are examples of {name}, which is no kind of job." for name in dict.fromkeys(left)]


def _problems_of(kind: JobKind, folder: Path) -> Iterator[str]:
    files = {path.stem: path for path in folder.glob("*.json")}
    for version in range(1, kind.version + 1):
        file = files.pop(f"v{version}", None)
        examples = json.loads(file.read_text(encoding="utf-8")) if file else []
        if not examples:
            yield f"{kind.name} has no example of format {version}."
        for number, example in enumerate(examples, start=1):
            if wrong := _wrong_with(kind, version, example):
                yield f"{kind.name}, format {version}, example {number}: {wrong}"
    for name in sorted(files):
        yield f"{kind.name} has examples of the format {name}, which this release does not read."


def _wrong_with(kind: JobKind, version: int, example: dict[str, Any]) -> str:
    before = deepcopy(example["before"])
    try:
        after = msgspec.to_builtins(kind.decode(before, version))
    except InvalidPayloadError as error:
        return str(error)
    if before != example["before"]:
        return "A step changes the payload that it is given."
    if json.dumps(after, sort_keys=True) != json.dumps(example["after"], sort_keys=True):
        return "It does not become what stands under 'after'."
    return ""
