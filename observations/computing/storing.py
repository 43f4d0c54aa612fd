"""Writing what a batch of patients' results became: two statements, however many there are."""

from collections.abc import Mapping
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
    _supersede({current.id: reason for outcome in outcomes.values() for current, reason in outcome.ended})
    rows = [
        _row(result, str(patient), str(organisation_ids[patient]))
        for patient, outcome in outcomes.items()
        for result in outcome.results
    ]
    if rows:
        copy(f"COPY observations_observation ({_COLUMNS}) FROM STDIN", "".join(rows).encode())


def _row(result: Result, patient_id: str, organisation_id: str) -> str:
    value = r"\N" if result.output is None else _escaped(result.output.as_json)
    interpretation = "" if result.output is None else result.output.interpretation
    version, provenance = result.version, result.provenance
    return (
        f"{result.id}\t{organisation_id}\t{patient_id}\t{result.script_id}\t{version.id}\t{version.code_id}\t"
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
