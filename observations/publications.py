"""Published script versions, compiled, and which of them is in force at a time."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any
from uuid import UUID

from observations.engine import CompiledScript, compile_script
from observations.models import ScriptVersion
from observations.windows import InputSpec


@dataclass(frozen=True, slots=True)
class Published:
    """A published version, ready to run."""

    version_id: UUID
    code_id: int
    effective_from: datetime
    number: int
    inputs: dict[str, InputSpec]
    source: str
    language_version: int

    @property
    def compiled(self) -> CompiledScript:
        """The compiled source; compiled once in a process."""
        return _compile(self.source, tuple(self.inputs), self.language_version)


@dataclass(frozen=True, slots=True)
class TimeLine:
    """A script's published versions in the order in which they were published."""

    script_id: UUID
    name: str
    organisation_id: UUID | None
    versions: Sequence[Published]

    def in_force(self, time: datetime) -> Published | None:
        """The version in force at a time: of those effective by then the one published last.

        So a fix that is published with a past `effective_from` replaces every faulty version from that time on.
        """
        return next((version for version in reversed(self.versions) if version.effective_from <= time), None)

    @property
    def codes(self) -> set[str]:
        """Every code that any of the versions reads."""
        return {spec.code for version in self.versions for spec in version.inputs.values()}

    @property
    def longest_window(self) -> timedelta:
        """How far any of the versions looks back."""
        return max(spec.window for version in self.versions for spec in version.inputs.values())


def time_lines() -> list[TimeLine]:
    """The publication time line of every script that has one. One query."""
    published = ScriptVersion.objects.filter(published_at__isnull=False).select_related("script")
    by_script: dict[UUID, list[ScriptVersion]] = defaultdict(list)
    for version in published.order_by("script__name", "published_at", "number"):
        by_script[version.script_id].append(version)
    return [
        TimeLine(
            script_id, versions[0].script.name, versions[0].script.organisation_id, [*map(_ready, versions)]
        )
        for script_id, versions in by_script.items()
    ]


def input_specs(inputs: dict[str, Any]) -> dict[str, InputSpec]:
    """A version's declared inputs, parsed. Raises KeyError or TypeError when a declaration is incomplete."""
    return {
        name: InputSpec(spec["code"], timedelta(seconds=spec["window_seconds"]))
        for name, spec in inputs.items()
    }


def _ready(version: ScriptVersion) -> Published:
    if version.effective_from is None:
        raise ValueError("Only published versions have a place on the time line.")
    return Published(
        version.id,
        version.code_id,
        version.effective_from,
        version.number,
        input_specs(version.inputs),
        version.source,
        version.language_version,
    )


@lru_cache(maxsize=256)
def _compile(source: str, names: tuple[str, ...], language_version: int) -> CompiledScript:
    return compile_script(source, names, language_version)
