"""Databases with so many measurements of linked patients, made set-based and left as they are long after."""

import os
from contextlib import closing
from uuid import UUID

import psycopg2
from psycopg2.extensions import cursor as Cursor  # noqa: N812 - a class, whatever its name says
from tqdm import tqdm

from clinical_engine.running.postgres_server import ADMIN
from observations.models import Code
from patients.models import Patient
from submitters.models import Submitter
from tests.benchmarks.association import populations
from tests.benchmarks.intake import sizes
from tests.benchmarks.ledger.backlogs import ID_AT, settle
from tests.benchmarks.ledger.databases import as_owner, working_on

TABLE = "observations_measurement"
_AT_ONCE = 1_000_000
# A reading a second in the order of their keys, the patients in turn, a few codes.
_MEASUREMENTS = f"""
    INSERT INTO {TABLE} (id, organisation_id, patient_id, code_id, client_id, value_quantity, unit, measured_at,
                         utc_offset_minutes, source, received_at, due_at, association_id)
    SELECT {ID_AT}, %(organisation)s, patient.id, code.id, 'device-' || lpad(i::text, 12, '0'), 60 + i %% 40, '/min', made, 0,
           'api', made, made, patient.association_id
    FROM (
        SELECT i, now() - (%(number)s - i) * interval '1 s' AS made FROM generate_series(%(first)s, %(last)s) i
    ) series
    JOIN (
        SELECT patient.id, association.id AS association_id, row_number() OVER (ORDER BY patient.id) - 1 AS place
        FROM patients_patient patient JOIN patients_association association ON association.patient_id = patient.id
    ) patient ON patient.place = i %% %(patients)s
    JOIN (SELECT unnest(%(codes)s) AS id, generate_series(0, 3) AS place) code
        ON code.place = i / %(patients)s %% 4
"""


def build(database: str, number: int) -> Submitter:
    """A fresh database with so many measurements of as many linked patients as `sizes` says; the patients' submitter."""
    submitter = populations.build(database, linked=sizes.AMONG, unlinked=1).submitter
    url = os.environ["DATABASE_URL"]
    # What is made here is right by construction: checking each row's keys would take most of the time.
    options = (
        "-c session_replication_role=replica -c jit=off -c maintenance_work_mem=1GB -c synchronous_commit=off"
    )
    with (
        working_on(database),
        closing(psycopg2.connect(url, dbname=database, user=ADMIN, options=options)) as connection,
        connection.cursor() as cursor,
    ):
        connection.autocommit = True
        _write(cursor, submitter, number)
    with as_owner(database) as owner, owner.cursor() as cursor:
        cursor.execute(f"ALTER TABLE {TABLE} SET (autovacuum_enabled = off)")
        # The same everywhere: a process keeps one copy of the catalogue, and would read it anew at each change of sides.
        cursor.execute("UPDATE observations_cataloguestate SET changed_at = '2026-01-01'")
        settle(owner, TABLE)
    return submitter


def codes() -> list[Code]:
    """The codes of the measurements."""
    return list(Code.objects.filter(value_kind="quantity", is_computed=False).order_by("pk")[:4])


def patients() -> list[tuple[UUID, str]]:
    """The linked patients, by our id and by the vitals app's."""
    linked = Patient.objects.filter(associations__isnull=False)
    return list(linked.order_by("pk").values_list("id", "external_id"))


def _write(cursor: Cursor, submitter: Submitter, number: int) -> None:
    values = {
        "organisation": str(submitter.organisation_id),
        "number": number,
        "patients": sizes.AMONG,
        "codes": [code.pk for code in codes()],
    }
    # Made anew afterwards, an index takes a fraction of what it takes row by row.
    cursor.execute(
        "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = %s AND indexname NOT IN"
        " (SELECT conname FROM pg_constraint)",
        [TABLE],
    )
    indexes = cursor.fetchall()
    for name, _ in indexes:
        cursor.execute(f'DROP INDEX "{name}"')
    for first in tqdm(range(1, number + 1, _AT_ONCE), desc=f"{number:,} measurements", mininterval=1):
        cursor.execute(_MEASUREMENTS, {**values, "first": first, "last": min(number, first + _AT_ONCE - 1)})
    for _, definition in indexes:
        cursor.execute(definition)
