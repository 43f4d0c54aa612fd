"""One patient's results: which are due, which stand, and what the others become. Pure: nothing is read or written."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from uuid import UUID

from clinical_engine.common.identifiers import new_id_text
from observations.computing.inputs import Provenance, values_of
from observations.computing.loading import Current, Loaded, given_by
from observations.computing.plan import Plan, PlannedScript, PlannedVersion
from observations.computing.series import Given
from observations.engine import Input, NotComputable, ScriptFailed
from observations.models.observations import NOT_COMPUTABLE_LENGTH
from observations.scripts.declarations import Missing
from observations.scripts.outputs import Output
from observations.scripts.publications import Published


class Result(NamedTuple):
    """What a version gave as of a time, and instead of which current observation."""

    id: str
    script_id: str
    version: PlannedVersion
    at: int
    output: Output | None
    not_computable: str
    provenance: Provenance
    instead_of: Current | None

    @property
    def values(self) -> Mapping[str, Any] | None:
        """Its value by output."""
        return None if self.output is None else self.output.values


class Failure(NamedTuple):
    """A version broke a rule of the language as of a time."""

    script: PlannedScript
    version: PlannedVersion
    at: int
    reason: str

    def __str__(self) -> str:
        return f"Script {self.script.name} v{self.version.published.number} ({self.version.id}) failed: {self.reason}"


class Ended(NamedTuple):
    """A current observation that no longer stands, and why."""

    current: Current
    reason: str
    script_id: str
    at: int


@dataclass(slots=True)
class Outcome:
    """What one patient's results become."""

    results: list[Result] = field(default_factory=list)
    ended: list[Ended] = field(default_factory=list)
    """Those with a new result instead are among them."""
    failures: list[Failure] = field(default_factory=list)
    waiting: dict[str, int] = field(default_factory=dict)
    """The earliest time as of which a suspended version would have computed, by the version's id."""
    looked_at: dict[str, int] = field(default_factory=dict)
    """As of how many times a result is due, by the script's id."""


@dataclass(frozen=True, slots=True)
class Span:
    """As of which times, of which scripts (by id; None: of all). A script that reads another is computed to the end."""

    since: int
    until: int | None = None
    scripts: Collection[str] | None = None
    ends_early: Collection[str] = ()
    """Those to which `until`, the last time that is looked at, applies."""

    def until_of(self, script_id: str) -> int:
        """The time before which results of the script are looked at."""
        return _FOR_EVER if self.until is None or script_id not in self.ends_early else self.until + 1

    @property
    def to_the_end(self) -> Collection[str] | None:
        """The scripts of which no later result is left out; None: all."""
        if self.until is None:
            return self.scripts
        return [script for script in self.scripts or () if script not in self.ends_early]


_FOR_EVER = 2**62


def outcome_of(plan: Plan, organisation_id: UUID, patient: Loaded, span: Span) -> Outcome:
    """What one patient's results over a span become. An observation whose version and sources are unchanged stands."""
    bringing = _Bringing(plan, organisation_id, patient, span)
    for script in plan.scripts:
        if span.scripts is None or script.id in span.scripts:
            bringing.bring(script)
    return bringing.outcome


class _Bringing:
    """One patient's results, script by script, those that others read before these."""

    def __init__(self, plan: Plan, organisation_id: UUID, patient: Loaded, span: Span) -> None:
        self._plan = plan
        self._organisation_id = organisation_id
        self._facts = patient.facts
        self._current = patient.current
        self._span = span
        self.outcome = Outcome()

    def bring(self, script: PlannedScript) -> None:
        since, until = self._span.since, self._span.until_of(script.id)
        current = self._current.get(script.id, {})
        left = {at for at in current if since <= at < until}
        given: list[Given] = []
        is_read = script.id in self._plan.results_look_back
        due = list(self._due(script, since, until))
        self.outcome.looked_at[script.id] = len(due)
        for at, version in due:
            left.discard(at)
            result = self._result(script, version, at, current.get(at))
            if is_read and result is not None:
                given.append(Given(at, result.id, result.values))
        for at in left:
            self.outcome.ended.append(Ended(current[at], self._why_not_due(script, at), script.id, at))
        if is_read:
            outside = [one for one in given_by(current) if not since <= one.at < until]
            self._facts.results[script.id] = sorted([*outside, *given], key=lambda one: one.at)

    def _due(self, script: PlannedScript, since: int, until: int) -> Iterator[tuple[int, PlannedVersion]]:
        for start, end, version in script.stretches(self._organisation_id):
            if end > since and start < until:
                for at in version.times(self._facts, max(start, since), min(end, until)):
                    yield at, version

    def _result(
        self, script: PlannedScript, version: PlannedVersion, at: int, stands: Current | None
    ) -> Result | Current | None:
        """What holds as of a time: what stands, where it was made of the same, or a new result; None where the script fails."""
        if version.is_suspended:
            waiting = self.outcome.waiting
            waiting[version.id] = min(at, waiting.get(version.id, at))
            return stands
        association = self._facts.association_at(at) if version.is_since_activation else None
        values, read, obstacle = values_of(version.readers, self._facts, at, association)
        provenance = read.provenance()
        is_same = stands is not None and (stands.version_id, stands.provenance) == (version.id, provenance)
        if stands is not None and is_same and _gives_the_same(stands, version, obstacle):
            return stands
        try:
            output, obstacle = run(version.published, values, obstacle)
        except ScriptFailed as failure:
            self._end(stands, script, version, at, provenance)
            self.outcome.failures.append(Failure(script, version, at, str(failure)))
            return None
        if stands is not None and is_same and stands.says(output, obstacle):
            return stands
        self._end(stands, script, version, at, provenance)
        result = Result(new_id_text(), script.id, version, at, output, obstacle, provenance, stands)
        self.outcome.results.append(result)
        return result

    def _end(
        self, stands: Current | None, script: PlannedScript, version: PlannedVersion, at: int, new: Provenance
    ) -> None:
        if stands is not None:
            self.outcome.ended.append(Ended(stands, _why_replaced(stands, version, new), script.id, at))

    def _why_not_due(self, script: PlannedScript, at: int) -> str:
        in_force = any(start <= at < end for start, end, _ in script.stretches(self._organisation_id))
        return "its measurement no longer counts" if in_force else "no script version is in force"


def run(published: Published, values: Mapping[str, Input], obstacle: str = "") -> tuple[Output | None, str]:
    """What a version gives for its inputs, or why that is not computable. Raises ScriptFailed."""
    if not obstacle:
        try:
            return published.result.checked(published.compiled.run(values).value), ""
        except NotComputable as reason:
            obstacle = str(reason)
    return None, obstacle[:NOT_COMPUTABLE_LENGTH]


def run_invented(published: Published, values: Mapping[str, Input]) -> tuple[Output | None, str]:
    """The same for inputs that somebody made up; one that must have a value and lacks it is an obstacle here, too."""
    for name, declared in published.inputs.items():
        if declared.missing is Missing.NOT_COMPUTABLE and values.get(name) in (None, [], ()):
            return None, f"no value for {name}"
    return run(published, values)


def _gives_the_same(stands: Current, version: PlannedVersion, obstacle: str) -> bool:
    """Whether a result of the same version and sources need not be computed again: all of these are immutable."""
    # Not where something is lacking: what is too old, or too much, leaves no trace among the sources.
    return version.is_told_by_sources and not obstacle and not stands.not_computable


def _why_replaced(stands: Current, version: PlannedVersion, new: Provenance) -> str:
    old = stands.provenance
    if stands.version_id != version.id:
        return "another script version is in force"
    if old.derived_from != new.derived_from:
        lost = _ids(old.derived_from) - _ids(new.derived_from)
        return "a measurement no longer counts" if lost else "a measurement came in later"
    if old.from_facts != new.from_facts:
        return "a fact about the patient changed"
    if old.from_observations != new.from_observations:
        return "a result that it reads changed"
    # Made of the same: what it lacks is lacking for another reason, or the same reading counts otherwise.
    if stands.not_computable:
        return "what it lacks changed"
    is_first = version.is_since_activation
    return _ANOTHER_FIRST if is_first else "the time zone or the catalogue changed"


_ANOTHER_FIRST = "another reading is the first since the activation"


def _ids(literal: str) -> set[str]:
    return set(literal[1:-1].split(",")) - {""}
