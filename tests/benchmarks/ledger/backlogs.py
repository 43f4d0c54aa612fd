"""Backlogs and histories of any size, made by the owner in one statement each."""

from psycopg2.extensions import connection as Connection  # noqa: N812 - a class, whatever its name says

from tests.benchmarks.ledger.by_hand import BARE_TABLE, KIND
from tests.benchmarks.ledger.databases import checkpoint

# UUIDv7 (RFC 9562, section 5.7) of the time `made`, in SQL that PostgreSQL 14 knows.
ID_AT = (
    "(lpad(to_hex(floor(extract(epoch FROM made) * 1000)::bigint), 12, '0') || '7' || substr(md5(i::text), 1, 3)"
    " || '8' || substr(md5(i::text), 4, 15))::uuid"
)
# The younger, the larger `i`; the last of `%(number)s` is made now.
SERIES = "(SELECT i, now() - (%(number)s - i) * %(spacing)s * interval '1 ms' AS made FROM generate_series(1, %(number)s) i) series"


def fill(owner: Connection, kind: str, number: int) -> None:
    """Nothing but `number` due jobs of the kind in the ledger."""
    with owner.cursor() as cursor:
        cursor.execute("TRUNCATE jobs_job CASCADE")
    add_due(owner, kind, number)
    settle(owner, "jobs_job", "jobs_attempt")
    checkpoint()


def add_due(owner: Connection, kind: str, number: int) -> None:
    """`number` due jobs of the kind, besides what is there."""
    with owner.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO jobs_job (id, kind, queue, payload, payload_version, next_run_at)"
            f" SELECT {ID_AT}, %(kind)s, 'default', '{{}}', 1, made FROM {SERIES}",
            {"kind": kind, "number": number, "spacing": 1},
        )


def fill_bare(owner: Connection, number: int) -> None:
    """A bare table of jobs with nothing but `number` due ones."""
    with owner.cursor() as cursor:
        cursor.execute(f"DROP TABLE IF EXISTS {BARE_TABLE}")
        cursor.execute(
            f"CREATE TABLE {BARE_TABLE} (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, kind text NOT NULL,"
            " state text NOT NULL, payload jsonb NOT NULL)"
        )
        # With the kind among the columns the planner would rather walk the primary key, through all that is finished.
        cursor.execute(f"CREATE INDEX ON {BARE_TABLE} (id) WHERE kind = '{KIND}' AND state = 'available'")
        cursor.execute(
            f"INSERT INTO {BARE_TABLE} (kind, state, payload) SELECT %s, 'available', '{{}}' FROM generate_series(1, %s)",
            [KIND, number],
        )
    settle(owner, BARE_TABLE)
    checkpoint()


def settle(owner: Connection, *tables: str) -> None:
    """Leave the tables as they are long after so much was written to them."""
    # Else the first to read the new rows pays for marking them as committed, and plans come from old statistics.
    with owner.cursor() as cursor:
        for table in tables:
            cursor.execute(f"VACUUM (ANALYZE) {table}")
