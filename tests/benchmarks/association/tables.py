"""Whole tables as files: out after the engine wrote them, and in again by a plain COPY of the same rows in the same order."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from time import perf_counter

from psycopg2.extensions import connection as Connection  # noqa: N812 - a class, whatever its name says

from tests.benchmarks.association.populations import TABLES
from tests.benchmarks.ledger.backlogs import settle
from tests.benchmarks.ledger.databases import checkpoint

PATIENTS, STATEMENTS, ASSOCIATIONS = TABLES
JOBS = "jobs_job"
# What the engine keeps beside them.
_OTHERS = (JOBS, "jobs_attempt", "patients_roster", "patients_rosterline", "patients_rosterchange")
Rows = Mapping[str, Path]
"""The file of each table, those first that others refer to."""


def empty(owner: Connection, *, keep_patients: bool = False) -> None:
    """Nothing but organisations and their like, and the patients where they are kept; on disk and settled."""
    emptied = (STATEMENTS, ASSOCIATIONS, *_OTHERS) if keep_patients else (*TABLES, *_OTHERS)
    with owner.cursor() as cursor:
        cursor.execute(f"TRUNCATE {', '.join(emptied)} CASCADE")
    rest(owner)


def rest(owner: Connection) -> None:
    """Leave the tables as they are long after, with all on disk."""
    settle(owner, *TABLES, *_OTHERS)
    checkpoint()


def export(owner: Connection, folder: Path, tables: Sequence[str]) -> Rows:
    """All rows of the tables, in the order in which they were written."""
    rows = {table: folder / f"{table}.rows" for table in tables}
    with owner.cursor() as cursor:
        for table, path in rows.items():
            with path.open("wb") as file:
                cursor.copy_expert(f"COPY {table} TO STDOUT", file)
    return rows


def seconds_to_copy(owner: Connection, rows: Rows) -> float:
    """Seconds of copying the rows in, one transaction."""
    started = perf_counter()
    with owner.cursor() as cursor:
        cursor.execute("BEGIN")
        for table, path in rows.items():
            with path.open("rb") as file:
                cursor.copy_expert(f"COPY {table} FROM STDIN", file, 256 * 1024)
        cursor.execute("COMMIT")
    return perf_counter() - started
