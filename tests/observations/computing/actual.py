"""The current results as the table has them, in the words of the reference."""

from uuid import UUID

from observations.models import Observation
from patients.models import Patient
from tests.observations.computing.reference.seeing import Expected, Result


def current_results(patient: Patient) -> dict[Result, Expected]:
    """By script and time. Fails when there are two of one script and time, or one was made from what is not current."""
    readings: dict[UUID, str] = dict(patient.measurements.values_list("id", "client_id"))
    facts: dict[UUID, str] = dict(patient.facts.values_list("id", "client_id"))
    rows = list(
        Observation.objects.filter(patient=patient, superseded_at=None).select_related(
            "script", "script_version"
        )
    )
    results: dict[UUID, Result] = {row.id: (row.script.name, row.as_of) for row in rows}
    assert len(set(results.values())) == len(rows)
    return {
        results[row.id]: Expected(
            row.script_version.number,
            row.value,
            row.not_computable,
            row.interpretation,
            tuple(readings[source] for source in row.derived_from),
            frozenset(facts[source] for source in row.from_facts),
            _named(row.from_observations, results),
        )
        for row in rows
    }


def _named(sources: list[UUID], results: dict[UUID, Result]) -> tuple[Result, ...]:
    named = [results[source] for source in sources]
    assert [time for _, time in named] == sorted(time for _, time in named)
    return tuple(sorted(named, key=lambda result: (result[1], result[0])))


def differences(actual: dict[Result, Expected], expected: dict[Result, Expected]) -> list[str]:
    """What is not as it should be, a line each; numbers may differ by rounding."""
    lines = []
    for key in sorted(actual.keys() | expected.keys()):
        one, other = actual.get(key), expected.get(key)
        if one is None or other is None or not _alike(one, other):
            lines.append(f"{key[0]} at {key[1]}:\n  is        {one}\n  should be {other}")
    return lines


def _alike(one: Expected, other: Expected) -> bool:
    if (one.value is None) != (other.value is None):
        return False
    values, others = dict(one.value or {}), dict(other.value or {})
    rest = [
        (each.version, each.reason, each.interpretation, each.sources, each.facts, each.upstream)
        for each in (one, other)
    ]
    return (
        rest[0] == rest[1]
        and values.keys() == others.keys()
        and all(_same(values[name], others[name]) for name in values)
    )


def _same(one: object, other: object) -> bool:
    if isinstance(one, bool) or isinstance(other, bool) or not isinstance(one, int | float):
        return one == other
    return isinstance(other, int | float) and abs(one - other) <= 1e-9 * max(1.0, abs(other))
