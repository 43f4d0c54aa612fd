"""What is in the database: what the engine made of the facts of one organisation, and what its ledger says of the work."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from tests.faults.expectation import State
from tests.faults.histories import World
from tests.observations.reference import Expected
from tests.running import support

Ask = Callable[..., list[Any]]
"""Gives the rows of one statement with its parameters."""


def asking(url: str) -> Ask:
    """Asks on a connection of its own each time: one that was open may not have lived through a fault."""
    return partial(support.rows, url)


@dataclass(frozen=True)
class Found:
    """Rows, not sets: what must be there once may be there twice."""

    state: State
    statements: list[tuple[str, bool]]
    """(client id, fulfilled?)"""
    jobs: list[tuple[str, str, int, int]]
    """(id, state, attempts that succeeded, effects); the effects are those of the suite's own kinds."""


def read(ask: Ask, world: World) -> Found:
    """Everything that the organisation has."""
    mine = world.organisation
    return Found(
        State(
            ask(_LINKS, mine), [_coverage(row) for row in ask(_MEASUREMENTS, mine)], _observations(ask, mine)
        ),
        ask(
            "SELECT client_id, fulfilled_at IS NOT NULL FROM patients_statement WHERE organisation_id = %s",
            mine,
        ),
        ask(_JOBS, mine),
    )


def is_worked_off(ask: Ask, world: World, but: tuple[str, ...] = ()) -> bool:
    """Whether no job of the organisation waits or runs, other than those with the given ids."""
    [[waiting]] = ask(
        "SELECT EXISTS (SELECT FROM jobs_job WHERE organisation_id = %s AND id <> ALL(%s::uuid[])"
        " AND state IN ('available', 'running', 'retryable'))",
        world.organisation,
        list(but),
    )
    return not waiting


_LINKS = """
    SELECT patient.external_id, submitter_id::text, associated_at, dissociated_at
    FROM patients_association link JOIN patients_patient patient ON patient.id = link.patient_id
    WHERE link.organisation_id = %s
"""
_MEASUREMENTS = """
    SELECT measurement.client_id, link.associated_at, link.submitter_id::text
    FROM observations_measurement measurement LEFT JOIN patients_association link ON link.id = measurement.association_id
    WHERE measurement.organisation_id = %s
"""
_OBSERVATIONS = """
    SELECT patient.external_id, as_of, value,
           ARRAY(SELECT measurement.client_id FROM unnest(derived_from) WITH ORDINALITY AS source (id, position)
                 LEFT JOIN observations_measurement measurement USING (id) ORDER BY position)
    FROM observations_observation observation JOIN patients_patient patient ON patient.id = observation.patient_id
    WHERE observation.organisation_id = %s AND superseded_at IS NULL
"""
_JOBS = """
    SELECT id::text, state,
           (SELECT count(*) FROM jobs_attempt WHERE job_id = jobs_job.id AND outcome = 'succeeded'),
           (SELECT count(*) FROM faults_effect WHERE job_id = jobs_job.id)
    FROM jobs_job WHERE organisation_id = %s
"""


def _coverage(row: Any) -> tuple[str, Any]:
    client_id, begins, submitter = row
    return client_id, None if begins is None else (begins, submitter)


def _observations(ask: Ask, organisation: str) -> list[Any]:
    return [
        (patient, as_of, Expected(tuple(sources), value["mean"], value["in_range"]))
        for patient, as_of, value, sources in ask(_OBSERVATIONS, organisation)
    ]
