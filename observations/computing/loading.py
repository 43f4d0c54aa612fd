"""Reading what scripts need of a batch of patients: a few statements, however many patients there are."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

from clinical_engine.common.database import array_literal, fetch_all
from observations.computing.forms import Row
from observations.computing.inputs import Provenance
from observations.computing.plan import Plan
from observations.computing.series import EMPTY, Covering, Given, Held, PatientFacts, Reading, Series
from observations.computing.times import microseconds
from observations.scripts.outputs import Output
from patients.selectors import facts_of

_MICROSECONDS = "(extract(epoch FROM {}) * 1000000)::bigint"
MEASUREMENT_COLUMNS = f"""
    m.code_id, {_MICROSECONDS.format("m.measured_at")}, m.client_id, m.id::text, m.association_id,
    COALESCE(m.converted_quantity, m.value_quantity)::float8, m.value_boolean, m.value_answer, m.value_text, m.components::text,
    m.utc_offset_minutes
"""


class Current(NamedTuple):
    """A current observation."""

    id: str
    version_id: str
    provenance: Provenance
    value: str | None
    """As JSON."""
    not_computable: str
    interpretation: str

    @property
    def values(self) -> dict[str, Any] | None:
        """Its value by output."""
        return None if self.value is None else msgspec.json.decode(self.value)

    def says(self, output: Output | None, not_computable: str) -> bool:
        """Whether it is this result."""
        if output is None:
            return self.not_computable == not_computable
        return (self.values, self.interpretation) == (output.values, output.interpretation)


CurrentByTime = dict[int, Current]


class Loaded(NamedTuple):
    """One patient: what scripts may read, and what they gave so far, by script and time."""

    facts: PatientFacts
    current: Mapping[str, CurrentByTime]


def load(
    plan: Plan, since: Mapping[UUID, datetime], organisation_ids: Mapping[UUID, UUID]
) -> dict[UUID, Loaded]:
    """What is needed to compute each patient's results as of a time and later. Their rows are locked by the caller."""
    series = _series(plan, since)
    facts = _facts(since) if plan.reads_facts else {}
    associations = _associations(since) if plan.reads_associations else {}
    current = _current(plan, since)
    zones = _zones(set(organisation_ids.values()))
    return {
        patient: Loaded(
            PatientFacts(
                series[patient],
                facts.get(patient),
                {
                    script_id: given_by(current[patient].get(script_id, {}))
                    for script_id in plan.results_look_back
                },
                zones[organisation_ids[patient]],
                associations.get(patient, ()),
            ),
            current[patient],
        )
        for patient in since
    }


def _zones(organisation_ids: Collection[UUID]) -> dict[UUID, ZoneInfo]:
    rows = fetch_all(
        "SELECT id, time_zone FROM submitters_organisation WHERE id = ANY(%s::uuid[])",
        [array_literal(organisation_ids)],
    )
    return {organisation_id: ZoneInfo(name) for organisation_id, name in rows}


def given_by(current: CurrentByTime) -> list[Given]:
    """A script's current results as others read them."""
    return [Given(at, row.id, row.values) for at, row in sorted(current.items())]


def _series(plan: Plan, since: Mapping[UUID, datetime]) -> dict[UUID, list[Series]]:
    rows = fetch_all(
        f"""
        SELECT dirty.place, {MEASUREMENT_COLUMNS}
        FROM unnest(%s::uuid[], %s::timestamptz[]) WITH ORDINALITY AS dirty (patient_id, since, place)
        CROSS JOIN unnest(%s::int[], %s::interval[]) AS source (code_id, looks_back)
        JOIN observations_measurement m ON m.patient_id = dirty.patient_id AND m.code_id = source.code_id
                                       AND m.measured_at > dirty.since - source.looks_back
        WHERE m.association_id IS NOT NULL AND m.status = 'final'
        """,  # noqa: S608 - columns of ours
        [
            array_literal(since),
            array_literal(since.values()),
            array_literal(plan.looks_back),
            array_literal(plan.looks_back.values()),
        ],
    )
    # By the patient's place: making a UUID of each row's patient took as long as all the rest.
    by_place: dict[int, list[tuple[Any, ...]]] = defaultdict(list)
    for row in rows:
        by_place[row[0]].append(row[1:])
    return {patient: series_of(plan, by_place.get(place, ())) for place, patient in enumerate(since, 1)}


def series_of(plan: Plan, rows: Collection[tuple[Any, ...]]) -> list[Series]:
    """Measurements of one patient, by the columns above, in every form of the plan."""
    readings: list[list[Reading]] = [[] for _ in plan.forms]
    extracts = plan.extracts
    for code_id, at, client_id, identifier, association_id, *value, offset in rows:
        source, row = (at, client_id, identifier), Row(*value)
        for form, extract in extracts[code_id]:
            if (seen := extract(row)) is not None:
                readings[form].append(Reading(source, seen, association_id, offset))
    return [Series(each) if each else EMPTY for each in readings]


def _facts(patients: Collection[UUID]) -> dict[UUID, dict[str, list[Held]]]:
    found: dict[UUID, dict[str, list[Held]]] = defaultdict(lambda: defaultdict(list))
    for fact in facts_of(patients):
        found[fact.patient_id][fact.name].append(
            Held(microseconds(fact.effective_from), str(fact.id), fact.value)
        )
    return found


def _associations(patients: Collection[UUID]) -> dict[UUID, list[Covering]]:
    found: dict[UUID, list[Covering]] = defaultdict(list)
    # In the order in which they go before each other where several cover a measurement: see `observations.recompute`.
    for patient, *association in fetch_all(
        f"""
        SELECT patient_id, {_MICROSECONDS.format("associated_at")},
               COALESCE({_MICROSECONDS.format("dissociated_at")}, 9223372036854775807), id
        FROM patients_association WHERE patient_id = ANY(%s::uuid[]) ORDER BY associated_at, submitter_id
        """,  # noqa: S608 - columns of ours
        [array_literal(patients)],
    ):
        found[patient].append(Covering(*association))
    return found


def _current(plan: Plan, since: Mapping[UUID, datetime]) -> dict[UUID, dict[str, CurrentByTime]]:
    found: list[dict[str, CurrentByTime]] = [defaultdict(dict) for _ in since]
    read_by_others: Sequence[str] = list(plan.results_look_back)
    for row in fetch_all(
        f"""
        SELECT dirty.place - 1, o.script_id::text, {_MICROSECONDS.format("o.as_of")}, o.id::text, o.script_version_id::text,
               o.derived_from::text, o.from_observations::text, o.from_facts::text, o.value::text, o.not_computable,
               o.interpretation
        FROM unnest(%s::uuid[], %s::timestamptz[]) WITH ORDINALITY AS dirty (patient_id, since, place)
        JOIN observations_observation o ON o.patient_id = dirty.patient_id
        WHERE o.superseded_at IS NULL AND o.script_id = ANY(%s::uuid[]) AND (o.as_of >= dirty.since OR EXISTS (
            SELECT FROM unnest(%s::uuid[], %s::interval[]) AS read (script_id, looks_back)
            WHERE read.script_id = o.script_id AND o.as_of > dirty.since - read.looks_back
        ))
        """,  # noqa: S608 - columns of ours
        [
            array_literal(since),
            array_literal(since.values()),
            array_literal({*plan.by_id, *read_by_others}),
            array_literal(read_by_others),
            array_literal(plan.results_look_back.values()),
        ],
    ):
        place, script_id, at, identifier, version_id, derived_from, from_observations, from_facts, *said = row
        found[place][script_id][at] = Current(
            identifier, version_id, Provenance(derived_from, from_observations, from_facts), *said
        )
    return dict(zip(since, found, strict=True))
