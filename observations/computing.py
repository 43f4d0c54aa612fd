"""Bringing observations in line with the covered measurements: only what changed is evaluated, nothing is overwritten."""

import json
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

from clinical_engine.common.database import array_literal, execute, fetch_all
from clinical_engine.common.identifiers import new_id
from clinical_engine.jobs.failures import PermanentError
from observations.catalogue import catalogue
from observations.engine import NotComputable, ScriptFailed
from observations.engine import Value as ScriptValue
from observations.publications import Published, TimeLine, time_lines
from observations.windows import Fact, Inputs, PatientFacts

Slot = tuple[UUID, UUID, datetime]
"""(patient, script, as of): has at most one current observation."""


@dataclass(frozen=True, slots=True)
class _Current:
    id: UUID
    version_id: UUID
    derived_from: tuple[UUID, ...]


@dataclass(frozen=True, slots=True)
class _Due:
    slot: Slot
    version: Published
    inputs: Inputs


@dataclass(frozen=True, slots=True)
class _Result:
    """What an evaluation gave: a value by output field, or why it is not computable."""

    due: _Due
    value: Mapping[str, ScriptValue] | None
    not_computable: str = ""


def bring_current(
    dirty_from: Mapping[UUID, datetime], organisation_ids: Mapping[UUID, UUID]
) -> dict[UUID, PermanentError]:
    """Make the current observations of each patient, as of its `dirty_from` and later, what the scripts in force compute.

    An observation whose version and measurements are unchanged stands; another is superseded with the reason. Where a script
    fails there is no current observation; returns for each such patient an error that names the script version. The number of
    statements does not depend on the number of patients.
    """
    lines = time_lines()
    if not lines:
        return {}
    facts = _facts(dirty_from, lines)
    current = _current(dirty_from)
    due = {
        item.slot: item
        for patient, since in dirty_from.items()
        for item in _due(patient, organisation_ids[patient], since, facts[patient], lines)
    }
    changed = [item for slot, item in due.items() if _differs(current.get(slot), item)]
    superseded = {
        current[item.slot].id: _reason(current[item.slot], item) for item in changed if item.slot in current
    }
    superseded |= {
        row.id: "its measurement no longer counts" for slot, row in current.items() if slot not in due
    }
    _supersede(superseded)
    results, failures = _evaluate_all(changed)
    _insert(results, organisation_ids)
    return failures


def _due(
    patient: UUID, organisation_id: UUID, since: datetime, facts: PatientFacts, lines: Sequence[TimeLine]
) -> Iterator[_Due]:
    for line in lines:
        if line.organisation_id not in {None, organisation_id}:
            continue
        for time in facts.times_since(line.codes, since):
            version = line.in_force(time)
            if version is not None:
                inputs = _named_once(facts.as_of(time, version.inputs))
                if inputs.derived_from:
                    yield _Due((patient, line.script_id, time), version, inputs)


def _named_once(inputs: Inputs) -> Inputs:
    # Several parts of one measurement are several facts, and the measurement would stand there as often.
    return replace(inputs, derived_from=tuple(dict.fromkeys(inputs.derived_from)))


def _facts(dirty_from: Mapping[UUID, datetime], lines: Sequence[TimeLine]) -> dict[UUID, PatientFacts]:
    look_back: timedelta = max(line.longest_window for line in lines)
    sources = list(_sources({code for line in lines for code in line.codes}))
    by_patient: dict[UUID, list[tuple[str, Fact]]] = defaultdict(list)
    for patient, code, measured_at, client_id, identifier, quantity, boolean in fetch_all(
        """
        SELECT m.patient_id, source.code, m.measured_at, m.client_id, m.id,
               CASE WHEN source.part THEN
                   COALESCE(m.components -> source.code ->> 'converted', m.components -> source.code ->> 'quantity')::numeric
               ELSE COALESCE(m.converted_quantity, m.value_quantity) END,
               CASE WHEN source.part THEN (m.components -> source.code ->> 'boolean')::boolean ELSE m.value_boolean END
        FROM unnest(%s::uuid[], %s::timestamptz[]) AS dirty (patient_id, since)
        CROSS JOIN unnest(%s::int[], %s::text[], %s::boolean[]) AS source (code_id, code, part)
        JOIN observations_measurement m ON m.patient_id = dirty.patient_id AND m.code_id = source.code_id
                                       AND m.measured_at > dirty.since
        WHERE m.association_id IS NOT NULL AND m.status = 'final'
        """,
        [
            array_literal(dirty_from),
            array_literal(since - look_back for since in dirty_from.values()),
            array_literal(source[0] for source in sources),
            array_literal(source[1] for source in sources),
            array_literal(source[2] for source in sources),
        ],
    ):
        if (value := _plain(quantity, boolean)) is not None:
            by_patient[patient].append((code, Fact(measured_at, client_id, identifier, value)))
    return {patient: PatientFacts(by_patient[patient]) for patient in dirty_from}


def _sources(codes: Collection[str]) -> Iterator[tuple[int, str, bool]]:
    """Where readings of the codes are found: (the measurements' code, the code, whether it is a part of theirs)."""
    for entry in catalogue().by_id.values():
        if entry.code in codes:
            yield entry.id, entry.code, False
        yield from ((entry.id, part, True) for part in entry.parts if part in codes)


def _plain(quantity: Decimal | None, boolean: bool | None) -> float | bool | None:  # noqa: FBT001 - a column's value
    return boolean if quantity is None else float(quantity)


def _current(dirty_from: Mapping[UUID, datetime]) -> dict[Slot, _Current]:
    rows = fetch_all(
        """
        SELECT o.patient_id, o.script_id, o.as_of, o.id, o.script_version_id, o.derived_from
        FROM unnest(%s::uuid[], %s::timestamptz[]) AS dirty (patient_id, since)
        JOIN observations_observation o ON o.patient_id = dirty.patient_id AND o.as_of >= dirty.since
        WHERE o.superseded_at IS NULL
        """,
        [array_literal(dirty_from), array_literal(dirty_from.values())],
    )
    return {(row[0], row[1], row[2]): _Current(row[3], row[4], tuple(row[5])) for row in rows}


def _differs(current: _Current | None, due: _Due) -> bool:
    # Measurements and versions are immutable: the same ones give the same result, which need not be computed again.
    return current is None or (current.version_id, current.derived_from) != (
        due.version.version_id,
        due.inputs.derived_from,
    )


def _reason(current: _Current, due: _Due) -> str:
    if current.version_id != due.version.version_id:
        return "another script version is in force"
    if set(current.derived_from) <= set(due.inputs.derived_from):
        return "a measurement came in later"
    return "a measurement no longer counts"


def _supersede(reasons: Mapping[UUID, str]) -> None:
    if reasons:
        execute(
            """
            UPDATE observations_observation SET superseded_at = clock_timestamp(), superseded_because = old.reason
            FROM unnest(%s::uuid[], %s::text[]) AS old (id, reason) WHERE observations_observation.id = old.id
            """,
            [array_literal(reasons), array_literal(reasons.values())],
        )


def _evaluate_all(due: Sequence[_Due]) -> tuple[list[_Result], dict[UUID, PermanentError]]:
    results: list[_Result] = []
    failures: dict[UUID, PermanentError] = {}
    for item in due:
        try:
            results.append(_evaluate(item))
        except ScriptFailed as failure:
            failures[item.slot[0]] = PermanentError(
                f"Script version {item.version.version_id} failed: {failure}"
            )
    return results, failures


def _evaluate(due: _Due) -> _Result:
    try:
        value = due.version.compiled.run(due.inputs.values).value
    except NotComputable as reason:
        return _Result(due, None, str(reason)[:200])
    return _Result(due, value if isinstance(value, dict) else {"result": value})


def _insert(results: Sequence[_Result], organisation_ids: Mapping[UUID, UUID]) -> None:
    if not results:
        return
    execute(
        """
        INSERT INTO observations_observation (id, organisation_id, patient_id, script_id, script_version_id, code_id, as_of,
            value, not_computable, derived_from)
        SELECT new.id, new.organisation_id, new.patient_id, new.script_id, new.version_id, new.code_id, new.as_of,
               new.value::jsonb, new.not_computable, new.derived_from::uuid[]
        FROM unnest(%s::uuid[], %s::uuid[], %s::uuid[], %s::uuid[], %s::uuid[], %s::int[], %s::timestamptz[], %s::text[],
                    %s::text[], %s::text[])
             AS new (id, organisation_id, patient_id, script_id, version_id, code_id, as_of, value, not_computable, derived_from)
        """,
        [
            array_literal(new_id() for _ in results),
            array_literal(organisation_ids[result.due.slot[0]] for result in results),
            array_literal(result.due.slot[0] for result in results),
            array_literal(result.due.slot[1] for result in results),
            array_literal(result.due.version.version_id for result in results),
            array_literal(result.due.version.code_id for result in results),
            array_literal(result.due.slot[2] for result in results),
            array_literal(None if result.value is None else json.dumps(result.value) for result in results),
            array_literal(result.not_computable for result in results),
            array_literal(array_literal(result.due.inputs.derived_from) for result in results),
        ],
    )
