"""The results of scripts that have numbers, read in two statements, and sorted into series: one for each output of a script."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from clinical_engine.common.database import fetch_all
from observations.admin.plots.reading import Bounds
from observations.models import ScriptVersion
from patients.admin.timeline.scale import Scale

# How many series most patients have at most: the columns of all of them together are bounded.
_SERIES = 12


class Result(NamedTuple):
    """One output of a result; no number where it was not computable."""

    id: UUID
    version_id: UUID
    field: str
    code: str
    unit: str
    as_of: datetime
    number: float | None
    interpretation: str
    not_computable: str
    superseded_because: str
    is_superseded: bool
    in_all: int


@dataclass(frozen=True, slots=True)
class Series:
    """The results of one output, the oldest first."""

    code: str
    unit: str
    field: str
    script: str
    reads: frozenset[str]
    """The codes of the readings that its newest version reads, parts among them."""
    results: Sequence[Result]


def results_of(patient_id: UUID, scale: Scale, bounds: Bounds, *, superseded: bool) -> list[Series]:
    """The series to be drawn, those with the newest results first.

    Of each column of an output's plot the lowest and the highest of each interpretation, and one that was not computable.
    """
    rows = fetch_all(
        _RESULTS,
        {
            "patient": patient_id,
            "begins": scale.begins,
            "ends": scale.ends,
            "columns": bounds.columns_of(_SERIES),
            "superseded": superseded,
            "limit": bounds.readings,
        },
    )
    results = sorted((Result(*row) for row in rows), key=lambda result: (result.as_of, result.id))
    versions = ScriptVersion.objects.select_related("script").in_bulk({one.version_id for one in results})
    by_series: dict[tuple[UUID, str, str], list[Result]] = defaultdict(list)
    for result in results:
        by_series[versions[result.version_id].script_id, result.code, result.unit].append(result)
    found = [_series(its, versions[its[-1].version_id]) for its in by_series.values()]
    return sorted(found, key=lambda series: (series.results[-1].as_of, series.code), reverse=True)


def _series(results: Sequence[Result], newest: ScriptVersion) -> Series:
    reads: set[str] = set()
    for declared in newest.inputs.values():
        reads |= {declared["code"], *declared.get("fields", {}).values()} if "code" in declared else set()
    last = results[-1]
    return Series(last.code, last.unit, last.field, newest.script.title, frozenset(reads), results)


_RESULTS = """
    WITH output AS MATERIALIZED (
        SELECT version.id AS version_id, field, coalesce(declared ->> 'code', '') AS code, coalesce(declared ->> 'unit', '') AS unit
        FROM observations_scriptversion version CROSS JOIN LATERAL jsonb_each(version.outputs) AS one (field, declared)
        WHERE version.published_at IS NOT NULL AND coalesce(declared ->> 'kind', 'number') = 'number'
    ), result AS MATERIALIZED (
        SELECT id, script_id, script_version_id, as_of, interpretation, superseded_at IS NOT NULL AS is_superseded,
            field, output.code, unit,
            CASE WHEN jsonb_typeof(value -> field) = 'number' THEN (value ->> field)::float8 END AS number,
            width_bucket(
                extract(epoch FROM as_of)::float8,
                extract(epoch FROM %(begins)s::timestamptz)::float8, extract(epoch FROM %(ends)s::timestamptz)::float8,
                %(columns)s
            ) AS place
        FROM observations_observation JOIN output ON version_id = script_version_id
        WHERE patient_id = %(patient)s AND as_of >= %(begins)s AND as_of <= %(ends)s
            AND (superseded_at IS NULL OR %(superseded)s)
    ), ranked AS (
        SELECT *, count(*) OVER series AS in_all,
            row_number() OVER (series ORDER BY is_superseded, as_of DESC, id DESC) AS from_newest,
            row_number() OVER (spot ORDER BY number, id) AS from_lowest,
            row_number() OVER (spot ORDER BY number DESC, id) AS from_highest
        FROM result
        WINDOW series AS (PARTITION BY script_id, code, unit),
            spot AS (PARTITION BY script_id, code, unit, place, is_superseded, interpretation, number IS NULL)
    ), drawn AS (
        SELECT * FROM ranked WHERE from_lowest = 1 OR from_newest = 1 OR (from_highest = 1 AND number IS NOT NULL)
        ORDER BY from_newest = 1 DESC, as_of DESC, id DESC LIMIT %(limit)s
    )
    SELECT drawn.id, drawn.script_version_id, field, code, unit, drawn.as_of, number, drawn.interpretation,
        observation.not_computable, observation.superseded_because, is_superseded, in_all
    FROM drawn JOIN observations_observation observation ON observation.id = drawn.id
"""
