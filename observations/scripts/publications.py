"""Which script version is in force when, for whom."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property, lru_cache
from operator import itemgetter
from typing import Any, NamedTuple, Protocol, TypeAlias, TypeVar
from uuid import UUID

from clinical_engine.common.database import fetch_all
from observations.engine import CompiledScript, compile_script
from observations.models import Publication, ScriptVersion
from observations.scripts.declarations import (
    DeclaredInput,
    DeclaredOutput,
    declared_inputs,
    declared_outputs,
)
from observations.scripts.outputs import Outputs


@dataclass(frozen=True, eq=False)
class Published:
    """A version, ready to run; read once and shared, so that it is equal to nothing but itself."""

    version_id: UUID
    script_id: UUID
    number: int
    code_id: int
    inputs: Mapping[str, DeclaredInput]
    outputs: Mapping[str, DeclaredOutput]
    result: Outputs
    source: str
    language_version: int
    is_suspended: bool

    @cached_property
    def compiled(self) -> CompiledScript:
        """The compiled source; compiled once in a process."""
        return compiled(self.source, tuple(self.inputs), self.language_version)


Step: TypeAlias = tuple[datetime, Published | None]
"""From a time on, until the next step, this version is in force, or none."""


class _Published(NamedTuple):
    organisation_id: UUID | None
    effective_from: datetime
    version: Published | None


@dataclass(frozen=True, slots=True, eq=False)
class TimeLine:
    """A script's publications in the order in which they were made."""

    script_id: UUID
    name: str
    organisation_id: UUID | None
    """Whose script it is; None: everybody's."""
    publications: Sequence[_Published]

    @property
    def versions(self) -> list[Published]:
        """Every version that was ever published, each once."""
        found = [one.version for one in self.publications if one.version is not None]
        return list(dict.fromkeys(found))

    def steps(self, organisation_id: UUID | None) -> list[Step]:
        """Which version is in force from when on in an organisation, by time. Before the first step none is.

        At a time it is the organisation's own publication that was made last of those effective by then. Where there is none,
        or that one lifts a pin, it is the last one for all: so a fix that is published with a past `effective_from` replaces
        every faulty version from that time on.
        """
        if self.organisation_id not in {None, organisation_id}:
            return []
        general = _steps(one for one in self.publications if one.organisation_id is None)
        own = _steps(
            one
            for one in self.publications
            if one.organisation_id is not None and one.organisation_id == organisation_id
        )
        times = sorted({time for time, _ in [*general, *own]})
        return [(time, _at(own, time) or _at(general, time)) for time in times]

    def in_force(self, time: datetime, organisation_id: UUID | None = None) -> Published | None:
        """The version in force at a time."""
        return _at(self.steps(organisation_id), time)


class _Dated(Protocol):
    @property
    def effective_from(self) -> datetime: ...


_Made = TypeVar("_Made", bound=_Dated)


def standing(publications: Iterable[_Made]) -> list[_Made]:
    """Of publications for the same organisation, or for all, in the order in which they were made: those that count, by time."""
    counting: list[_Made] = []
    for one in publications:
        # The later publication counts from its time on, whatever was to come into force after that.
        counting = [each for each in counting if each.effective_from < one.effective_from]
        counting.append(one)
    return counting


def _steps(publications: Iterable[_Published]) -> list[Step]:
    return [(one.effective_from, one.version) for one in standing(publications)]


def _at(steps: Sequence[Step], time: datetime) -> Published | None:
    position = bisect_right(steps, time, key=itemgetter(0))
    return steps[position - 1][1] if position else None


_State: TypeAlias = tuple[tuple[Any, ...], ...]
_kept: tuple[_State, list[TimeLine]] | None = None


def time_lines() -> list[TimeLine]:
    """The time line of every script that was ever published, the same objects for as long as none of it changes. One query then."""
    global _kept  # noqa: PLW0603 - a copy for the whole process is the purpose
    # Publications are only ever added; two that commit in another order than they were numbered still change the count.
    state = tuple(
        fetch_all(
            """
            SELECT script.id, script.organisation_id, count(publication.id), max(publication.id),
                   (SELECT array_agg(version.id ORDER BY version.id)::text FROM observations_scriptversion version
                    WHERE version.script_id = script.id AND version.suspended_at IS NOT NULL)
            FROM observations_observationscript script
            JOIN observations_publication publication ON publication.script_id = script.id
            GROUP BY script.id ORDER BY script.id
            """
        )
    )
    # Another thread may have put an older one there by the time this one returns.
    kept = _kept
    if kept is None or kept[0] != state:
        _kept = kept = (state, _read())
    return kept[1]


def _read() -> list[TimeLine]:
    rows = Publication.objects.select_related("script", "version").order_by("script__name", "id")
    versions: dict[UUID, Published] = {}
    by_script: dict[UUID, list[Publication]] = defaultdict(list)
    for row in rows:
        by_script[row.script_id].append(row)
        if row.version is not None:
            versions.setdefault(row.version.pk, ready(row.version))
    return [
        TimeLine(
            script_id,
            made[0].script.name,
            made[0].script.organisation_id,
            [
                _Published(
                    row.organisation_id,
                    row.effective_from,
                    None if row.version_id is None else versions[row.version_id],
                )
                for row in made
            ],
        )
        for script_id, made in by_script.items()
    ]


def as_if_published(lines: Sequence[TimeLine], version: ScriptVersion, since: datetime) -> list[TimeLine]:
    """The time lines as they would be if the version were published now for all, in force from `since` on.

    Raises RefusedError when what it declares makes no sense.
    """
    own = next((line for line in lines if line.script_id == version.script_id), None)
    if own is None:
        own = TimeLine(version.script_id, version.script.name, version.script.organisation_id, [])
    known = (known for known in own.versions if known.version_id == version.pk)
    one_more = _Published(None, since, next(known, None) or ready(version))
    others = [line for line in lines if line is not own]
    return [*others, replace(own, publications=[*own.publications, one_more])]


def ready(version: ScriptVersion) -> Published:
    """The version as it runs, published or not. Raises RefusedError when what it declares makes no sense."""
    outputs = declared_outputs(version.outputs)
    return Published(
        version.pk,
        version.script_id,
        version.number,
        version.code_id,
        declared_inputs(version.declared),
        outputs,
        Outputs(outputs),
        version.source,
        version.language_version,
        version.suspended_at is not None,
    )


@lru_cache(maxsize=256)
def compiled(source: str, names: tuple[str, ...], language_version: int) -> CompiledScript:
    """A source, compiled once in a process. Raises ScriptRefused."""
    return compile_script(source, names, language_version)
