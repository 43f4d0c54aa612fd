"""Why a result is what it is: computed again from exactly what it was computed from, and told step by step."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any, NamedTuple
from uuid import UUID

from django.db.models import F, Q

from clinical_engine.common.database import array_literal, fetch_all
from observations.catalogue import Catalogue, catalogue
from observations.computing.forms import is_known
from observations.computing.inputs import Obstacle, Read, is_stale, too_many
from observations.computing.loading import MEASUREMENT_COLUMNS, series_of
from observations.computing.plan import Plan, PlannedVersion, plan_of
from observations.computing.series import Given, Held, PatientFacts
from observations.computing.times import microseconds
from observations.engine import Input, NotComputable, ScriptFailed
from observations.engine.explaining import Explanation as Run
from observations.models import Observation, Publication
from observations.models.observations import NOT_COMPUTABLE_LENGTH
from observations.scripts.declarations import DeclaredInput
from observations.scripts.publications import Published, as_if_published, time_lines
from patients.models import PatientFact

_UNREADABLE = "The catalogue no longer has a code or a unit that this version reads."


class Sources(NamedTuple):
    """The ids of measurements, of other scripts' results and of facts, each kind oldest first."""

    measurements: Sequence[UUID]
    observations: Sequence[UUID]
    facts: Sequence[UUID]


class ReadInput(NamedTuple):
    """One input as it was read: its value, what it came from, and why it stood in the way, or ''."""

    name: str
    declared: DeclaredInput
    value: Input
    sources: Sources
    obstacle: str


@dataclass(frozen=True, slots=True)
class Explanation:
    """How a result came about. Holds values of the patient."""

    publication: Publication | None
    """What had brought its version into force; None where that cannot be told."""
    inputs: Sequence[ReadInput]
    run: Run | None
    """The steps; None where the script did not run, or cannot be run again."""
    difference: str
    """'' where computing it again gives what is stored; otherwise what is wrong. That must never happen."""
    successor: Observation | None
    """The next result of the script as of the same time."""


def explain(observation: Observation) -> Explanation:
    """Compute a result again from the measurements, results and facts that it names, whatever has become of them since.

    The observation comes with its script, version and organisation. A constant number of queries.
    """
    codes = catalogue()
    plan = _plan(observation, codes)
    if not all(is_known(form, codes) for form in plan.forms):
        attempt = _Attempt((), None, _UNREADABLE)
    else:
        attempts = _attempts(observation, plan)
        # Which readings came before the activation is not stored: it is what leads to the same result.
        attempt = next((one for one in attempts if not one.difference), attempts[0])
    return Explanation(_publication(observation), *attempt, _successor(observation))


class _Attempt(NamedTuple):
    inputs: Sequence[ReadInput]
    run: Run | None
    difference: str


def _plan(observation: Observation, codes: Catalogue) -> Plan:
    """The plan of its version alone."""
    version = observation.script_version
    others = [line for line in time_lines() if line.script_id != observation.script_id]
    lines = [*as_if_published([], version, observation.as_of), *others]
    return plan_of(lines, codes, computed={version.script.name})


def _attempts(observation: Observation, plan: Plan) -> list[_Attempt]:
    [(_, _, planned)] = plan.scripts[0].stretches(observation.organisation_id)
    facts = _facts(plan, observation)
    if not planned.is_since_activation:
        return [_attempt(observation, planned, facts, None)]
    found = []
    for begin in sorted({time for series in facts.series for time in series.times}) or [0]:
        for series in facts.series:
            series.associations = [int(time >= begin) for time in series.times]
        found.append(_attempt(observation, planned, facts, 1))
    return found


def _attempt(
    observation: Observation, planned: PlannedVersion, facts: PatientFacts, association: int | None
) -> _Attempt:
    inputs = [*_read(observation, planned, facts, association)]
    difference = _difference_of_sources(observation, inputs)
    reason = next((one.obstacle for one in inputs if one.obstacle), "")
    if reason:
        return _Attempt(inputs, None, difference or _difference(observation, None, "", reason))
    run = planned.published.compiled.explain({one.name: one.value for one in inputs})
    return _Attempt(inputs, run, difference or _difference(observation, *_ending(run, planned.published)))


def _read(
    observation: Observation, planned: PlannedVersion, facts: PatientFacts, association: int | None
) -> Iterator[ReadInput]:
    for name, reading in planned.readers.items():
        # What is too old or too many was not used, and so is not among the sources.
        unread = {is_stale(name), too_many("readings", name)} & {observation.not_computable}
        read, value, obstacle = Read(), None, next(iter(unread), "")
        if not unread:
            try:
                value = reading(facts, microseconds(observation.as_of), association, read)
            except Obstacle as one:
                obstacle = str(one)
        yield ReadInput(name, planned.published.inputs[name], value, _sources(read), obstacle)


def _sources(read: Read) -> Sources:
    provenance = read.provenance()
    return Sources(
        _ids(provenance.derived_from), _ids(provenance.from_observations), _ids(provenance.from_facts)
    )


def _ids(literal: str) -> list[UUID]:
    return [UUID(each) for each in literal[1:-1].split(",") if each]


def _facts(plan: Plan, observation: Observation) -> PatientFacts:
    rows = fetch_all(
        f"SELECT {MEASUREMENT_COLUMNS} FROM observations_measurement m WHERE m.id = ANY(%s::uuid[])",  # noqa: S608 - columns of ours
        [array_literal(observation.derived_from)],
    )
    results: dict[str, list[Given]] = defaultdict(list)
    for row in Observation.objects.filter(pk__in=observation.from_observations).order_by("as_of"):
        results[str(row.script_id)].append(Given(microseconds(row.as_of), str(row.pk), row.value))
    facts = {
        row.name: [Held(microseconds(row.effective_from), str(row.pk), row.value)]
        for row in PatientFact.objects.filter(pk__in=observation.from_facts)
    }
    return PatientFacts(series_of(plan, rows), facts, results, observation.organisation.zone)


def _ending(run: Run, published: Published) -> tuple[Mapping[str, Any] | None, str, str]:
    """The values, the interpretation, and why there are none."""
    if isinstance(run.ending, NotComputable):
        return None, "", str(run.ending)
    try:
        if isinstance(run.ending, ScriptFailed):
            raise run.ending
        return *published.result.checked(run.ending.value), ""
    except ScriptFailed as failure:
        return None, "", f"it fails: {failure}"


def _difference(
    observation: Observation, values: Mapping[str, Any] | None, interpretation: str, reason: str
) -> str:
    stored = (observation.value, observation.interpretation, observation.not_computable)
    if stored == (values, interpretation, reason[:NOT_COMPUTABLE_LENGTH]):
        return ""
    return "Computed again from the same sources, it gives something else."


def _difference_of_sources(observation: Observation, inputs: Collection[ReadInput]) -> str:
    stored = (observation.derived_from, observation.from_observations, observation.from_facts)
    read = zip(*(one.sources for one in inputs), strict=True)
    agree = (set(ids) == set(chain(*found)) for ids, found in zip(stored, read, strict=True))
    return "" if all(agree) else "Not all that it names as its sources is read again."


def _publication(observation: Observation) -> Publication | None:
    """Of those of the version that could apply, the one made last before it was computed; its own organisation's first."""
    made = Publication.objects.filter(
        Q(organisation=None) | Q(organisation=observation.organisation_id),
        version=observation.script_version_id,
        effective_from__lte=observation.as_of,
        published_at__lte=observation.computed_at,
    )
    return made.order_by(F("organisation").desc(nulls_last=True), "-id").first()


def _successor(observation: Observation) -> Observation | None:
    if observation.superseded_at is None:
        return None
    # At any time one of them is current, so that they follow each other by when they ceased to be.
    later = Observation.objects.filter(
        Q(superseded_at=None) | Q(superseded_at__gt=observation.superseded_at),
        patient=observation.patient_id,
        script=observation.script_id,
        as_of=observation.as_of,
    )
    return later.order_by(F("superseded_at").asc(nulls_last=True)).first()
