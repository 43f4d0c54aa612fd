"""What a version would give for one patient: computed as live, from the same readings, and nothing is stored."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from time import monotonic

from observations.catalogue import catalogue
from observations.computing.evaluating import run
from observations.computing.inputs import values_of
from observations.computing.loading import Current, Loaded, load
from observations.computing.plan import Plan, PlannedVersion, plan_of
from observations.computing.times import microseconds, moment
from observations.engine import Input, ScriptFailed
from observations.engine.explaining import Explanation
from observations.models import ScriptVersion
from observations.scripts.outputs import Output
from observations.scripts.publications import as_if_published, time_lines
from patients.models import Patient

MAX_RESULTS = 2_000
"""The newest of a period; a device that measures every five minutes makes as many in a week."""
MAX_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """What a version gives as of a time: an output, or why it is not computable, or how it fails. Holds values of the patient."""

    at: int
    """In microseconds since 1970."""
    values: Mapping[str, Input]
    """By input, as they were read; one that stood in the way is not among them."""
    output: Output | None
    not_computable: str
    failure: str
    obstacle: str
    """Why the script did not run, or ''."""
    stands: Current | None
    """The current observation as of the same time."""

    @property
    def as_of(self) -> datetime:
        """The time, in UTC."""
        return moment(self.at)

    @property
    def differs(self) -> bool:
        """Whether another result stands, or none."""
        if self.failure:
            return self.stands is not None
        return self.stands is None or not self.stands.says(self.output, self.not_computable)


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """The results of a period, the oldest first."""

    results: Sequence[Rehearsed]
    left_out: int
    """How many of the period are older than these: there were too many, or they took too long."""
    vanishing: int
    """How many results stand within the period as of times as of which the version gives none."""


def rehearse(version: ScriptVersion, patient: Patient, since: datetime, until: datetime) -> Rehearsal:
    """What the version, published or not, gives as of each time of a period, both ends included, by what is known now.

    Scripts that it reads are taken as their results stand. The newest `MAX_RESULTS`, and what is done within `MAX_SECONDS`.
    A constant number of queries. Raises RefusedError when what it declares makes no sense, or its source is refused.
    """
    stage = _Stage(version, patient, since)
    times = stage.times(since, until)
    ends = monotonic() + MAX_SECONDS
    results: list[Rehearsed] = []
    for at in reversed(times[-MAX_RESULTS:]):
        results.append(stage.result(at))
        if monotonic() > ends:
            break
    standing = {at for at in stage.current if microseconds(since) <= at <= microseconds(until)}
    return Rehearsal(results[::-1], len(times) - len(results), len(standing - set(times)))


def rehearse_step_by_step(
    version: ScriptVersion, patient: Patient, as_of: datetime
) -> tuple[Rehearsed, Explanation | None] | None:
    """One result, and how the script comes to it; no steps where it does not run, None where no result is due as of the time."""
    stage = _Stage(version, patient, as_of)
    for at in stage.times(as_of, as_of):
        result = stage.result(at)
        return result, None if result.obstacle else stage.explain(result)
    return None


class _Stage:
    """One patient and one version, with all that it reads."""

    def __init__(self, version: ScriptVersion, patient: Patient, since: datetime) -> None:
        plan = _plan(version, since)
        self._loaded: Loaded = load(plan, {patient.pk: since}, {patient.pk: patient.organisation_id})[
            patient.pk
        ]
        # None where the script is another organisation's.
        self._planned: PlannedVersion | None = next(
            (planned for _, _, planned in plan.scripts[0].stretches(patient.organisation_id)), None
        )
        self.current: Mapping[int, Current] = self._loaded.current.get(str(version.script_id), {})

    def times(self, since: datetime, until: datetime) -> list[int]:
        """As of which times a result is due, both ends included."""
        if self._planned is None:
            return []
        return self._planned.times(self._loaded.facts, microseconds(since), microseconds(until) + 1)

    def result(self, at: int) -> Rehearsed:
        """What is given as of a time."""
        planned = self._version
        facts = self._loaded.facts
        association = facts.association_at(at) if planned.is_since_activation else None
        values, _, obstacle = values_of(planned.readers, facts, at, association)
        output, reason, failure = None, "", ""
        try:
            output, reason = run(planned.published, values, obstacle)
        except ScriptFailed as failed:
            failure = str(failed)
        return Rehearsed(at, values, output, reason, failure, obstacle, self.current.get(at))

    def explain(self, result: Rehearsed) -> Explanation:
        """The run of a result, step by step."""
        return self._version.published.compiled.explain(result.values)

    @property
    def _version(self) -> PlannedVersion:
        if self._planned is None:
            raise LookupError("The script is another organisation's.")
        return self._planned


def _plan(version: ScriptVersion, since: datetime) -> Plan:
    """The plan of the version alone, in force from `since` on."""
    others = [line for line in time_lines() if line.script_id != version.script_id]
    lines = [*as_if_published([], version, since), *others]
    return plan_of(lines, catalogue(), computed={version.script.name})
