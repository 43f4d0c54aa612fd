"""The table of measurements as it is, and cut up by month."""

from collections.abc import Mapping
from random import sample
from statistics import median
from time import perf_counter

from psycopg2.extensions import connection as Connection  # noqa: N812 - a class, whatever its name says
from tqdm import tqdm

from tests.benchmarks.intake import sizes
from tests.benchmarks.ledger.backlogs import ID_AT, settle
from tests.benchmarks.ledger.databases import as_owner, checkpoint, create
from tests.benchmarks.results import Metric, measured

_DATABASE = "benchmark_layouts"
_MONTHS = 24
_ROUNDS = 15
_BATCH = 1_000
_LOOKS = 100
_AT_ONCE = 1_000_000
_LAYOUTS = ("whole", "by_month")
_WHAT = ("1,000 fresh rows", "1,000 late rows", "a week of one patient", "the latest of one patient")

_MAKE = (
    "CREATE TABLE whole (LIKE observations_measurement INCLUDING ALL)",
    "CREATE TABLE by_month (LIKE observations_measurement INCLUDING DEFAULTS) PARTITION BY RANGE (measured_at)",
    # The key of a partitioned table holds what it is cut by: the same reading sent again with another time would count twice.
    "CREATE TABLE client_ids (organisation_id uuid, client_id varchar(128), PRIMARY KEY (organisation_id, client_id))",
    "ALTER TABLE by_month ADD PRIMARY KEY (id, measured_at)",
    "CREATE INDEX ON by_month (patient_id, code_id, measured_at DESC)",
    "CREATE INDEX ON by_month (patient_id, measured_at) WHERE association_id IS NULL",
    "CREATE INDEX ON by_month (due_at) WHERE association_id IS NULL",
    "CREATE INDEX ON by_month (association_id) WHERE association_id IS NOT NULL",
)
_PARTITION = """
    CREATE TABLE by_month_%(month)s PARTITION OF by_month
    FOR VALUES FROM (date_trunc('month', now()) - %(month)s * interval '1 month')
    TO (date_trunc('month', now()) - (%(month)s - 1) * interval '1 month')
"""
# `made` is the time of each row; patients and codes in turn.
_ROWS = f"""
    SELECT {ID_AT} AS id, md5('organisation')::uuid AS organisation_id, md5('p' || i %% %(patients)s)::uuid AS patient_id,
           (i / %(patients)s %% 4)::int AS code_id, 'device-' || lpad(i::text, 12, '0') AS client_id,
           (60 + i %% 40)::numeric AS value_quantity, '/min'::varchar AS unit, made AS measured_at,
           0::smallint AS utc_offset_minutes,
           'api'::varchar AS source, made AS received_at, made AS due_at, 1::bigint AS association_id
    FROM (SELECT i, {{time}} AS made FROM generate_series(%(first)s::bigint, %(last)s::bigint) i) series
"""
_COLUMNS = (
    "id, organisation_id, patient_id, code_id, client_id, value_quantity, unit, measured_at, utc_offset_minutes, source,"
    " received_at, due_at, association_id"
)
_WRITE = {
    "whole": f"INSERT INTO whole ({_COLUMNS}) {{rows}} ON CONFLICT (organisation_id, client_id) DO NOTHING",
    "by_month": f"""
        WITH sent AS MATERIALIZED ({{rows}}), new AS (
            INSERT INTO client_ids SELECT organisation_id, client_id FROM sent ON CONFLICT DO NOTHING RETURNING client_id
        )
        INSERT INTO by_month ({_COLUMNS}) SELECT {_COLUMNS} FROM sent JOIN new USING (client_id)
    """,
}
# From the first to the last, over all the months but the present one's rest.
_HISTORY = f"now() - interval '{_MONTHS - 1} months' * (1 - i::float8 / %(number)s)"
_FRESH = "now() + (i - %(first)s) * interval '1 ms'"
_LATE = f"now() - interval '{_MONTHS - 1} months' * (i * 7919 %% 10000 / 10000.0)"
_PATIENT = "WHERE patient_id = md5('p' || %(place)s)::uuid AND code_id = 1"
_WEEK = (
    f"SELECT value_quantity FROM {{table}} {_PATIENT} AND measured_at > now() - interval '14 days'"
    " AND measured_at <= now() - interval '7 days'"
)
_LATEST = f"SELECT value_quantity FROM {{table}} {_PATIENT} ORDER BY measured_at DESC LIMIT 1"


def run() -> list[Metric]:
    """Layouts: the table of measurements as it is, beside the same cut up by month of measuring, with the client ids in a table of
    their own, since no key across all months could hold them. 10,000,000 rows of 5,000 patients over 24 months in each, without
    the keys to other tables. Milliseconds of one INSERT of 1,000 rows that were measured just now, and of 1,000 from all of the
    24 months; of reading a week of one patient and code, and the latest value. Medians of interleaved rounds; the ratio is the
    speed by month over the speed as it is.
    """
    create(_DATABASE)
    took: dict[tuple[str, str], list[float]] = {(layout, what): [] for layout in _LAYOUTS for what in _WHAT}
    with as_owner(_DATABASE) as owner:
        _fill(owner)
        for number in tqdm(range(-1, _ROUNDS), desc="layouts", mininterval=1):
            for layout in sample(_LAYOUTS, 2):
                for what, milliseconds in _round(owner, layout, number).items():
                    if number >= 0:
                        took[layout, what].append(milliseconds)
    return [
        metric for what in _WHAT for metric in _metrics(what, took["by_month", what], took["whole", what])
    ]


def _metrics(what: str, by_month: list[float], whole: list[float]) -> list[Metric]:
    ratio = median(one / other for one, other in zip(whole, by_month, strict=True))
    return [
        measured(f"table as it is, {what}", median(whole)),
        measured(f"table by month, {what}", median(by_month)),
        measured(f"speed by month / as it is, {what}", ratio),
    ]


def _fill(owner: Connection) -> None:
    number = sizes.LAID_OUT
    with owner.cursor() as cursor:
        for statement in _MAKE:
            cursor.execute(statement)
        for month in range(-1, _MONTHS):
            cursor.execute(
                _PARTITION.replace("by_month_%(month)s", f"by_month_{month + 1}"), {"month": month}
            )
        cursor.execute("SET synchronous_commit = off")
        for first in tqdm(range(1, number + 1, _AT_ONCE), desc="two layouts", mininterval=1):
            for layout in _LAYOUTS:
                _write(owner, layout, _HISTORY, first, min(number, first + _AT_ONCE - 1))
        cursor.execute("RESET synchronous_commit")
    settle(owner, *_LAYOUTS, "client_ids")
    checkpoint()


def _write(owner: Connection, layout: str, time: str, first: int, last: int) -> float:
    values = {"patients": sizes.AMONG, "number": sizes.LAID_OUT, "first": first, "last": last}
    return _milliseconds(owner, _WRITE[layout].format(rows=_ROWS.format(time=time)), values)


def _round(owner: Connection, layout: str, number: int) -> Mapping[str, float]:
    first = sizes.LAID_OUT + 1 + (number + 1) * 2 * _BATCH
    looked = sample(range(sizes.AMONG), min(_LOOKS, sizes.AMONG))
    return {
        _WHAT[0]: _write(owner, layout, _FRESH, first, first + _BATCH - 1),
        _WHAT[1]: _write(owner, layout, _LATE, first + _BATCH, first + 2 * _BATCH - 1),
        _WHAT[2]: median(
            _milliseconds(owner, _WEEK.format(table=layout), {"place": place}) for place in looked
        ),
        _WHAT[3]: median(
            _milliseconds(owner, _LATEST.format(table=layout), {"place": place}) for place in looked
        ),
    }


def _milliseconds(owner: Connection, sql: str, values: Mapping[str, object]) -> float:
    with owner.cursor() as cursor:
        started = perf_counter()
        cursor.execute(sql, values)
        if cursor.description:
            cursor.fetchall()
        return (perf_counter() - started) * 1000
