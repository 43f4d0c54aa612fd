"""What may make statements grow: the domain apps register how much there is of it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from django.db import transaction

from clinical_engine.common.database import execute, fetch_all


@dataclass(frozen=True, slots=True)
class Driver:
    """Something that grows. `name` is stored, `title` is on screen ('active patients'), `read` gives how much there is now.

    `read` is called every ten minutes, in a transaction of its own, and must be cheap whatever there is: see `about`.
    """

    name: str
    title: str
    read: Callable[[], float]


_drivers: dict[str, Driver] = {}


def register(*drivers: Driver) -> None:
    """Make drivers known. Raises ValueError when a name is taken."""
    for driver in drivers:
        if driver.name in _drivers:
            raise ValueError(f"The driver {driver.name} is registered twice.")
        _drivers[driver.name] = driver


def registered() -> Sequence[Driver]:
    """Every driver."""
    return list(_drivers.values())


# So many entries of an index are counted within some tens of milliseconds.
EXACT_UP_TO = 200_000
_PATIENCE = "3s"
# The statistics collector's count follows every commit, from where VACUUM or ANALYZE last set it. A server that crashed forgets it:
# then the density that the planner knows is taken for all of today's pages, as the planner itself does.
_ABOUT = """
    SELECT CASE WHEN counted.since IS NOT NULL OR of_table.reltuples < 0 THEN counted.living
                ELSE of_table.reltuples / GREATEST(of_table.relpages, 1) * pages.now END,
           of_table.reltuples, of_index.reltuples
    FROM pg_class of_table
    LEFT JOIN pg_class of_index ON of_index.oid = to_regclass(NULLIF(%(index)s, ''))
    CROSS JOIN LATERAL (
        SELECT pg_stat_get_live_tuples(of_table.oid) AS living, COALESCE(
            pg_stat_get_last_analyze_time(of_table.oid), pg_stat_get_last_autoanalyze_time(of_table.oid),
            pg_stat_get_last_vacuum_time(of_table.oid), pg_stat_get_last_autovacuum_time(of_table.oid)) AS since
    ) counted
    CROSS JOIN LATERAL (
        SELECT pg_relation_size(of_table.oid) / current_setting('block_size')::int AS now
    ) pages
    WHERE of_table.oid = %(table)s::regclass
"""


@transaction.atomic
def about(table: str, *, condition: str = "", index: str = "") -> float:
    """How many rows a table has; with a condition those that meet it, which are the entries of the partial index of that name.

    Exact up to 200,000. Above that it is an estimate that reads no more rows: of a table within 2 % after a VACUUM or ANALYZE, and
    every row written since is counted; of a partial index its share of the table at that time, sampled from 30,000 rows, so
    within another 2 %. A share that has changed is noticed by the next of them: autovacuum comes when a tenth of the table
    has. Raises OperationalError after 3 seconds.
    """
    execute(f"SET LOCAL statement_timeout = '{_PATIENCE}'")
    where = f"WHERE {condition}" if condition else ""
    [(found,)] = fetch_all(
        f"SELECT count(*) FROM (SELECT FROM {table} {where} LIMIT %s) AS bounded",  # noqa: S608 - the caller's constants
        [EXACT_UP_TO + 1],
    )
    if found <= EXACT_UP_TO:
        return float(found)
    [(rows, rows_then, entries_then)] = fetch_all(_ABOUT, {"table": table, "index": index})
    share = entries_then / rows_then if entries_then and rows_then > 0 else 1.0
    return max(float(rows * share), float(found))
