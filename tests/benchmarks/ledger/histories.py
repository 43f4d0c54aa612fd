"""Databases with a long history of jobs, beside the benchmark's own."""

from collections.abc import Mapping
from functools import cache
from typing import Any

from psycopg2.extensions import connection as Connection  # noqa: N812 - a class, whatever its name says
from tqdm import tqdm

from clinical_engine.common.database import array_literal
from patients.services import ensure_patients
from tests import factories
from tests.admin import world
from tests.benchmarks.ledger import backlogs, by_hand, sizes
from tests.benchmarks.ledger.backlogs import ID_AT, SERIES
from tests.benchmarks.ledger.databases import as_owner, checkpoint, create, working_on
from tests.benchmarks.ledger.kinds import EMPTY

SHORT, FINISHED, DEAD = "benchmark_short", "benchmark_finished", "benchmark_dead"
FEW = 10_000
BATCHES_DUE = 10 + sizes.CLAIMS
# Of every ten dead jobs one is of a kind that does nothing, and can be run again; all of those have one cause.
RERUN_CAUSE = "00000000000000aa"
ACCOUNT = "Clinical support"
_OWNERS, _PATIENTS_EACH = 50, 40


@cache
def build() -> None:
    """Three databases: with 10,000 finished jobs, with 5,000,000, and with 1,000,000 dead ones.

    In each of them so many batches are due, as many for the engine as by hand. Done once, however often it is called.
    """
    numbers = {SHORT: (FEW, 0), FINISHED: (sizes.FINISHED, 0), DEAD: (FEW, sizes.DEAD)}
    for database, (finished, dead) in tqdm(numbers.items(), desc="histories", mininterval=1):
        create(database)
        with working_on(database):
            named = _world()
        with as_owner(database) as owner:
            _leave_alone(owner)
            _add_finished(owner, finished, named)
            if dead:
                _add_dead(owner, dead, named)
            for kind in (EMPTY.name, by_hand.KIND):
                backlogs.add_due(owner, kind, BATCHES_DUE * EMPTY.batch_size)
            backlogs.settle(owner, "jobs_job", "jobs_attempt")
    checkpoint()


def _leave_alone(owner: Connection) -> None:
    # Autovacuum comes by the share of a table that has changed: to the short one in the middle of a measurement, to the long one
    # never.
    with owner.cursor() as cursor:
        for table in ("jobs_job", "jobs_attempt"):
            cursor.execute(f"ALTER TABLE {table} SET (autovacuum_enabled = off)")


def _world() -> Mapping[str, Any]:
    """Whom jobs concern: organisations, submitters and patients as array literals of the same order; and an account."""
    organisations: list[object] = []
    submitters: list[object] = []
    patients: list[object] = []
    for _ in range(_OWNERS):
        submitter = factories.submitter()
        external_ids = [f"patient-{number}" for number in range(_PATIENTS_EACH)]
        ids = ensure_patients(organisation_id=submitter.organisation_id, external_ids=external_ids)
        organisations += [submitter.organisation_id] * _PATIENTS_EACH
        submitters += [submitter.pk] * _PATIENTS_EACH
        patients += ids.values()
    return {
        "organisations": array_literal(organisations),
        "submitters": array_literal(submitters),
        "patients": array_literal(patients),
        "concerned": len(patients),
        "actor": world.account(ACCOUNT).pk,
    }


_CONCERNED = """
    JOIN unnest(%(organisations)s::uuid[], %(submitters)s::uuid[], %(patients)s::uuid[])
         WITH ORDINALITY AS concerned (organisation_id, submitter_id, patient_id, position)
         ON concerned.position = 1 + i %% %(concerned)s
"""


def _add_finished(owner: Connection, number: int, named: Mapping[str, Any]) -> None:
    with owner.cursor() as cursor:
        cursor.execute(
            f"""
            INSERT INTO jobs_job (id, kind, queue, state, payload, payload_version, organisation_id, submitter_id, patient_id,
                                  next_run_at, attempts_made, claimed_at, claimed_by, claimed_release, created_at, finished_at)
            SELECT {ID_AT}, 'associate', 'default', 'succeeded', '{{}}', 1, organisation_id, submitter_id, patient_id,
                   made, 1, made, 'benchmark:1', 'r1', made, made
            FROM {SERIES} {_CONCERNED}
            """,
            {**named, "number": number, "spacing": 200},
        )


def _add_dead(owner: Connection, number: int, named: Mapping[str, Any]) -> None:
    """Dead jobs of a week, of some forty causes (some have most of the jobs, some a handful), seven releases and three kinds."""
    values = {**named, "number": number, "spacing": 600, "rerun_cause": RERUN_CAUSE, "empty": EMPTY.name}
    with owner.cursor() as cursor:
        cursor.execute(
            f"""
            INSERT INTO jobs_job (id, kind, queue, state, payload, payload_version, organisation_id, submitter_id, patient_id,
                                  next_run_at, attempts_made, attempts_used, claimed_at, claimed_by, claimed_release, error,
                                  fingerprint, last_actor_id, created_at, finished_at)
            SELECT {ID_AT}, CASE i %% 10 WHEN 0 THEN %(empty)s WHEN 1 THEN 'recompute' ELSE 'associate' END, 'default', 'dead',
                   '{{}}', 1, organisation_id, submitter_id, patient_id, made, 1, 1, made, 'benchmark:1',
                   'r' || i * 7 / %(number)s, CASE i %% 10 WHEN 0 THEN 'PermanentError' ELSE 'OperationalError ' || cause END,
                   CASE i %% 10 WHEN 0 THEN %(rerun_cause)s ELSE substr(md5(cause::text), 1, 16) END,
                   CASE WHEN i %% 200 = 0 THEN %(actor)s END, made, made
            FROM {SERIES} {_CONCERNED}
            CROSS JOIN LATERAL (SELECT floor(40 * power(i %% 9973 / 9973.0, 6))::int AS cause) causes
            """,
            values,
        )
        cursor.execute(
            """
            INSERT INTO jobs_attempt (job_id, organisation_id, number, release, worker, started_at, ended_at, outcome, trigger,
                                      error_class, error_kind, sqlstate, constraint_name, message, frames, fingerprint)
            SELECT id, organisation_id, 1, claimed_release, claimed_by, claimed_at, finished_at, 'failed', 'auto',
                   'OperationalError', 'unknown', '', '', '', '["patients/folding.py:1 fold"]', fingerprint
            FROM jobs_job WHERE state = 'dead' ORDER BY id
            """
        )
