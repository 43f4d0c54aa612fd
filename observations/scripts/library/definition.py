"""What a script of the library says of itself, and short ways of writing what it declares."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, TypeAlias

Json: TypeAlias = dict[str, Any]
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
INTERPRETATION: Json = {"kind": "interpretation"}


@dataclass(frozen=True, slots=True)
class LibraryScript:
    """A script as the library ships it. Those fields that ScriptVersion has are in its form; the others say where it comes from."""

    name: str
    title: str
    code: str
    source: str
    inputs: Json
    outputs: Json
    test_cases: list[Json] = field(default_factory=list)
    # In force since ever: a history that is imported later is computed too.
    default_effective_from: datetime = datetime(1900, 1, 1, tzinfo=UTC)
    summary: str = ""
    """What it gives, and when it gives nothing; windows and limits that are a choice are named as one."""
    interpretation: str = ""
    """Which results are abnormal or critical, and who says so; empty where no source does."""
    source_reference: str = ""
    licence: str = ""
    """Terms of use, as far as they are publicly known."""


def latest(code: str, window: timedelta, **more: object) -> Json:
    """The newest reading of a code within a window."""
    return {"code": code, "how": "latest", "window_seconds": _seconds(window), **more}


def fresh(code: str, window: timedelta, stale_after: timedelta) -> Json:
    """The newest reading of a code within a window, of no use once it is older than `stale_after`."""
    return latest(code, window, stale_after_seconds=_seconds(stale_after))


def all_within(code: str, window: timedelta, **more: object) -> Json:
    """Every reading of a code within a window, the oldest first."""
    return {"code": code, "how": "all_within", "window_seconds": _seconds(window), **more}


def fact(name: str, **more: object) -> Json:
    """A fact about the patient."""
    return {"fact": name, **more}


def number(code: str, unit: str) -> Json:
    """A field of the result that is a quantity; the unit in UCUM."""
    return {"code": code, "unit": unit}


def coded(code: str, *answers: str) -> Json:
    """A field of the result that is one of several answers."""
    return {"kind": "coded", "code": code, "answers": list(answers)}


def case(name: str, inputs: Mapping[str, object], expected: Mapping[str, object] | object) -> Json:
    """A test case: the fields that the result has, or the one value of a script that gives only one."""
    fields = dict(expected) if isinstance(expected, Mapping) else {"result": expected}
    return {"name": name, "inputs": dict(inputs), "expected": fields}


def no_result(name: str, inputs: Mapping[str, object], why: str | bool = True) -> Json:  # noqa: FBT001, FBT002 - 'true' is what stands in the case
    """A test case in which nothing can be computed; `why` in the engine's words, or True where they do not matter."""
    return {"name": name, "inputs": dict(inputs), "not_computable": why}


def records(fields: Sequence[str], *rows: Sequence[float]) -> list[Json]:
    """Timed readings for a test case, each row in the order of the fields."""
    return [dict(zip(fields, row, strict=True)) for row in rows]


def _seconds(window: timedelta) -> int:
    return int(window.total_seconds())
