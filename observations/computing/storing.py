"""Writing what a batch of patients' results became: two statements, however many there are."""

from collections.abc import Iterable, Iterator, Mapping
from uuid import UUID

from clinical_engine.common.database import array_literal, copy, execute
from observations.computing.evaluating import Outcome, Result
from observations.computing.times import moment

_COLUMNS = (
    "id, organisation_id, patient_id, script_id, script_version_id, code_id, as_of, value, not_computable, interpretation,"
    " derived_from, from_observations, from_facts"
)


def store(outcomes: Mapping[UUID, Outcome], organisation_ids: Mapping[UUID, UUID]) -> None:
    """Supersede what no longer stands and write what stands instead, in the caller's transaction."""
    _supersede({one.current.id: one.reason for outcome in outcomes.values() for one in outcome.ended})
    rows = [
        row
        for patient, outcome in outcomes.items()
        for row in _rows(outcome.results, f"{organisation_ids[patient]}\t{patient}")
    ]
    if rows:
        copy(f"COPY observations_observation ({_COLUMNS}) FROM STDIN", "".join(rows).encode())


def _rows(results: Iterable[Result], whose: str) -> Iterator[str]:
    for result in results:
        yield _row(result, whose)


def _row(result: Result, whose: str) -> str:
    value = r"\N" if result.output is None else _escaped(result.output.as_json)
    interpretation = "" if result.output is None else result.output.interpretation
    version, provenance = result.version, result.provenance
    return (
        f"{result.id}\t{whose}\t{result.script_id}\t{version.id}\t{version.code_id}\t"
        f"{moment(result.at).isoformat()}\t{value}\t{_escaped(result.not_computable)}\t{interpretation}\t"
        f"{provenance.derived_from}\t{provenance.from_observations}\t{provenance.from_facts}\n"
    )


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\") if "\\" in text else text


def _supersede(reasons: Mapping[str, str]) -> None:
    if reasons:
        execute(
            """
            UPDATE observations_observation
            SET superseded_at = clock_timestamp(), superseded_because = old.reason, changed_in = pg_current_xact_id()
            FROM unnest(%s::uuid[], %s::text[]) AS old (id, reason) WHERE observations_observation.id = old.id
            """,
            [array_literal(reasons), array_literal(reasons.values())],
        )
