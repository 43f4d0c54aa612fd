"""What ten thousand captured statements and 90 days of each take up."""

from tests.benchmarks.ledger.databases import as_owner
from tests.benchmarks.results import Metric, measured
from tests.benchmarks.slow_queries.history import DATABASE, build

_SIZES = """
    SELECT relname, pg_table_size(oid) / 1e6, pg_indexes_size(oid) / 1e6
    FROM pg_class WHERE relkind = 'r' AND relname LIKE 'profiling_%' ORDER BY pg_total_relation_size(oid) DESC
"""


def run() -> list[Metric]:
    """Storage: megabytes of all tables of the capture and their indexes, with 10,000 statements, 900,000 days of them with
    twelve to thirty buckets of durations each, 15,000 callers, 90 days of driver readings and 500 findings. Without what silk
    recorded, which has a bound of its own.
    """
    build()
    with as_owner(DATABASE) as owner, owner.cursor() as cursor:
        cursor.execute(_SIZES)
        found = cursor.fetchall()
    for name, table, indexes in found:
        print(f"{name}: {table:,.1f} MB and {indexes:,.1f} MB of indexes")
    return [measured("slow queries, storage", float(sum(table + indexes for _, table, indexes in found)))]
