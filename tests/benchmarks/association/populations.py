"""Databases with so many patients of one submitter, made set-based and left as they are long after."""

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from random import sample
from uuid import UUID

import psycopg2
from psycopg2.extensions import connection as Connection  # noqa: N812 - a class, whatever its name says
from tqdm import tqdm

from clinical_engine.running.postgres_server import ADMIN
from submitters.models import Submitter
from tests import factories
from tests.benchmarks.ledger.backlogs import ID_AT, SERIES, settle
from tests.benchmarks.ledger.databases import as_owner, create, working_on

TABLES = ("patients_patient", "patients_statement", "patients_association")
WRITTEN = (*TABLES, "jobs_job", "jobs_attempt")
# The unlinked ones are spread evenly among all, by number and so by key: links are written all over the indexes.
_IS_LINKED = "i * %(unlinked)s / %(number)s = (i - 1) * %(unlinked)s / %(number)s"
_PATIENTS = f"""
    INSERT INTO patients_patient (id, organisation_id, external_id, created_at)
    SELECT {ID_AT}, %(organisation)s, 'patient-' || lpad(i::text, 9, '0'), made FROM {SERIES}
"""
_EACH = f"""
    FROM patients_patient patient CROSS JOIN LATERAL (SELECT right(external_id, 9)::bigint AS i, created_at AS made) numbered
    WHERE {_IS_LINKED}
"""
_STATEMENTS = f"""
    INSERT INTO patients_statement (id, organisation_id, patient_id, submitter_id, kind, effective_at, client_id, source, job_id,
                                    received_at, due_at, fulfilled_at)
    SELECT id, organisation_id, id, %(submitter)s, 'activation', made - interval '30 days', 'history-' || external_id, 'import',
           id, made, made, made
    {_EACH}
"""
_ASSOCIATIONS = f"""
    INSERT INTO patients_association (organisation_id, patient_id, submitter_id, associated_at, created_at)
    SELECT organisation_id, id, %(submitter)s, made - interval '30 days', made {_EACH}
"""


@dataclass(frozen=True)
class Patient:
    """A patient by our id and by the vitals app's."""

    id: UUID
    external_id: str


@dataclass(frozen=True)
class Population:
    """One submitter's patients in a database of their own: so many are linked, so many known and unlinked."""

    database: str
    submitter: Submitter
    linked: int
    unlinked: int

    def some(self, number: int, *, linked: bool) -> list[Patient]:
        """That many patients from all over, in no order."""
        total = self.linked + self.unlinked
        # Four times as many as are wanted: of the few nearly half are of the other sort.
        drawn = sample(range(1, total + 1), min(total, 4 * number)) if linked else self._places_unlinked()
        chosen = [place for place in drawn if self._is_linked(place) is linked]
        if len(chosen) < number:
            raise ValueError("There are not so many.")
        return self._patients(sample(chosen, number))

    def _places_unlinked(self) -> Sequence[int]:
        total = self.linked + self.unlinked
        return [-(-place * total // self.unlinked) for place in range(1, self.unlinked + 1)]

    def _is_linked(self, place: int) -> bool:
        total = self.linked + self.unlinked
        return place * self.unlinked // total == (place - 1) * self.unlinked // total

    def _patients(self, places: Sequence[int]) -> list[Patient]:
        with as_owner(self.database) as owner, owner.cursor() as cursor:
            cursor.execute(
                "SELECT id, external_id FROM patients_patient WHERE external_id = ANY(%s)",
                [[f"patient-{place:09d}" for place in places]],
            )
            found = {external_id: Patient(key, external_id) for key, external_id in cursor}
        return [found[f"patient-{place:09d}"] for place in places]


def build(database: str, *, linked: int, unlinked: int) -> Population:
    """A fresh database with one submitter and its patients: linked ones with the statement that says so, and unlinked ones.

    Its autovacuum is off: it would come to the small one in the middle of a measurement, to the large one never.
    """
    create(database)
    with working_on(database):
        submitter = factories.submitter()
    values = {
        "organisation": str(submitter.organisation_id),
        "submitter": str(submitter.pk),
        "number": linked + unlinked,
        "unlinked": unlinked,
        "spacing": 1,
    }
    parts = ((_PATIENTS,), (_STATEMENTS, _ASSOCIATIONS))
    # Two at a time, on the machine's two cores.
    with ThreadPoolExecutor(2) as pool:
        for statements in tqdm(parts, desc=f"{linked + unlinked:,} patients", mininterval=1):
            list(pool.map(lambda statement: _write(database, statement, values), statements))
    with as_owner(database) as owner:
        leave_alone(owner)
        settle(owner, *TABLES)
    return Population(database, submitter, linked, unlinked)


def leave_alone(owner: Connection) -> None:
    """Keep autovacuum away from what a measurement writes."""
    with owner.cursor() as cursor:
        for table in WRITTEN:
            cursor.execute(f"ALTER TABLE {table} SET (autovacuum_enabled = off)")


def _write(database: str, statement: str, values: dict[str, object]) -> None:
    # What is made here is right by construction: checking each row's keys would take most of the time.
    options = "-c session_replication_role=replica -c jit=off"
    url = os.environ["DATABASE_URL"]
    with (
        closing(psycopg2.connect(url, dbname=database, user=ADMIN, options=options)) as connection,
        connection,
        connection.cursor() as cursor,
    ):
        cursor.execute(statement, values)
