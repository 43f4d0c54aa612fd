"""Releases that know one kind of job in different formats, one after another in this process."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import msgspec
from django.test import override_settings

from clinical_engine.jobs import registry
from clinical_engine.jobs.registry import JobKind

KIND = "story"


class First(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Format 1: one number."""

    number: int


class Second(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Format 2: several."""

    numbers: list[int]


class Third(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Format 3: under another name, and a field that the older ones lack."""

    values: list[int]
    way: str


def to_second(old: dict[str, Any]) -> dict[str, Any]:
    return {"numbers": [old["number"]]}


def to_third(old: dict[str, Any]) -> dict[str, Any]:
    return {"values": old["numbers"], "way": "up"}


FORMATS = (First, Second, Third)
STEPS = {1: to_second, 2: to_third}
PAYLOADS: dict[int, Callable[[int], dict[str, Any]]] = {
    1: lambda number: {"number": number},
    2: lambda number: {"numbers": [number]},
    3: lambda number: {"values": [number], "way": "up"},
}


@dataclass(frozen=True)
class Release:
    """What one release reads and writes."""

    name: str
    reads: int
    writes: int

    def kind(self, handler: registry.Handler, name: str = KIND) -> JobKind:
        """The kind as this release registers it."""
        return JobKind(
            name,
            handler,
            FORMATS[self.reads - 1],
            version=self.reads,
            writes=self.writes,
            upcasters={step: STEPS[step] for step in range(1, self.reads)},
            written_schema=FORMATS[self.writes - 1] if self.writes < self.reads else None,
        )


A = Release("A", reads=1, writes=1)
B = Release("B", reads=2, writes=1)
C = Release("C", reads=2, writes=2)
D = Release("D", reads=3, writes=2)
E = Release("E", reads=3, writes=3)


@contextmanager
def registered(kind: JobKind) -> Iterator[JobKind]:
    """The kind is known for the length of the block."""
    registry.register(kind)
    try:
        yield kind
    finally:
        del registry._kinds[kind.name]


@contextmanager
def running(release: Release, handler: registry.Handler) -> Iterator[JobKind]:
    """This process is that release for the length of the block."""
    with override_settings(RELEASE=release.name), registered(release.kind(handler)) as kind:
        yield kind


def number_in(payload: Any) -> int:
    """The number that a job was made with, whatever its format became."""
    match payload:
        case First(number):
            return number
        case Second([number]) | Third([number], "up"):
            return number
    raise AssertionError(payload)
