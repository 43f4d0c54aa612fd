"""A database with ten thousand captured statements and 90 days of each, beside the benchmark's own."""

import json
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import cache
from io import BytesIO
from random import Random

import msgspec
from django.apps import apps
from psycopg2.extensions import connection as Connection  # noqa: N812 - a class, whatever its name says
from tqdm import tqdm

from clinical_engine.profiling.durations import packed
from clinical_engine.profiling.growth.verdicts import (
    Change,
    Crossing,
    Curve,
    Fit,
    Measure,
    Outlook,
    Verdict,
)
from clinical_engine.profiling.models import CapturedStatement
from tests.admin import world
from tests.benchmarks.ledger.databases import as_owner, checkpoint, create, working_on
from tests.benchmarks.slow_queries import sizes

DATABASE = "benchmark_captured"
ROLE = "On-call engineer"
DAYS = 90
_RELEASES = 20
_HISTOGRAMS = 5_000
_DRIVERS = ("active_patients", "open_associations", "submitters", "measurements")
_MEASURES = (Measure.DURATION, Measure.SLOW_DURATION, Measure.ROWS, Measure.PARAMETERS, Measure.VALUES)
_REASON = "The duration grows with the active patients to the power of 1.1 (1.0 to 1.2)"
_ORIGINS = (
    "GET /api/v1/patients/{{id}}/part-{}",
    "admin /admin/page-{}",
    "job kind-{}",
    "task part.{}",
    "command {}",
)
# A release each five days, calls as they vary, figures as wide as those of a busy engine; every fiftieth day had a failure.
_DAYS = """
    INSERT INTO profiling_statementday (
        statement_id, day, days, release_id, calls, time_us, longest_us, durations, rows, parameters_most, values_most,
        bytes_most, failures, timeouts, repeated_most)
    SELECT s.id, %(today)s::date - n, 1, (SELECT min(id) FROM profiling_release) + (89 - n) / 5,
           1000 + mod(s.id * 31 + n * 17, 90000), 500000000 + mod(s.id * 7919 + n, 1000000000), 2000000 + mod(s.id, 1000000),
           h.durations, 40000 + mod(s.id * n, 9999999), 4 + mod(s.id, 60), mod(s.id * 13, 40000),
           900 + mod(s.id, 9000), CASE WHEN mod(n + s.id, 50) = 0 THEN 3 ELSE 0 END,
           CASE WHEN mod(n + s.id, 50) = 0 THEN 1 ELSE 0 END, mod(s.id, 40)
    FROM profiling_capturedstatement AS s CROSS JOIN generate_series(0, %(days)s - 1) AS n
    JOIN histograms AS h ON h.id = mod(s.id * 31 + n, %(histograms)s)
    ORDER BY n DESC, s.id
"""
_CALLERS = """
    INSERT INTO profiling_caller (statement_id, origin, place, calls, time_us, repeated_most, first_seen_at, last_seen_at)
    SELECT s.id, CASE WHEN k = 1 THEN s.origin ELSE 'job kind-' || k || '-' || mod(s.id, 50) END, s.place, 100000, 500000000, k,
           now() - interval '90 days', now()
    FROM profiling_capturedstatement AS s CROSS JOIN generate_series(1, 3) AS k WHERE k = 1 OR mod(s.id, 4) = 0
"""
_READINGS = """
    INSERT INTO profiling_driverreading (driver, day, value)
    SELECT driver, %(today)s::date - n, 1000000 - 3000 * n FROM unnest(%(drivers)s::text[]) AS driver
    CROSS JOIN generate_series(0, %(days)s - 1) AS n
"""
# Of every twentieth statement; a third of them closed.
_FINDINGS = """
    INSERT INTO profiling_finding (statement_id, kind, told, severity, release, note, due_on, closed_at, closed_by_id, owner_id)
    SELECT id, 'grows', 'The duration grows with the active patients.', 1, 'r1', '', %(today)s::date + mod(id, 28)::int - 14,
           CASE WHEN mod(id, 60) = 0 THEN now() END, CASE WHEN mod(id, 60) = 0 THEN %(account)s END,
           CASE WHEN mod(id, 40) = 0 THEN %(account)s END
    FROM profiling_capturedstatement WHERE mod(id, 20) = 0
"""


@cache
def build() -> None:
    """The database, migrated, filled and analysed. Done once, however often it is called."""
    create(DATABASE)
    today = datetime.now(UTC).date()
    with working_on(DATABASE):
        account = world.account(ROLE).pk
    parameters = {
        "today": today,
        "days": DAYS,
        "histograms": _HISTOGRAMS,
        "drivers": list(_DRIVERS),
        "account": account,
    }
    with as_owner(DATABASE) as owner, owner.cursor() as cursor:
        cursor.execute(
            "INSERT INTO profiling_release (name) SELECT '2026.' || n || '.0-rc1' FROM generate_series(1, %s) AS n",
            [_RELEASES],
        )
        _copy_statements(owner, today)
        _copy_histograms(owner)
        for sql in tqdm(
            (_DAYS, _CALLERS, _READINGS, _FINDINGS, "VACUUM ANALYZE"), desc="captured", mininterval=1
        ):
            cursor.execute(sql, parameters)
    checkpoint()


def _copy_statements(owner: Connection, today: date) -> None:
    chance = Random(sizes.SEED)  # noqa: S311 - no secret
    now = datetime.now(UTC)
    with owner.cursor() as cursor:
        cursor.execute("SELECT min(id) FROM profiling_release")
        [(release,)] = cursor.fetchall()
        names = [field.attname for field in CapturedStatement._meta.concrete_fields if field.attname != "id"]
        rows = (
            "\t".join(_text(row.get(name)) for name in names)
            for row in _statements(chance, now, today, release)
        )
        content = BytesIO(("\n".join(rows) + "\n").encode())
        cursor.copy_expert(f"COPY profiling_capturedstatement ({', '.join(names)}) FROM STDIN", content)


def _statements(chance: Random, now: datetime, today: date, release: int) -> Iterator[dict[str, object]]:
    columns = [
        f'"{model._meta.db_table}"."{field.column}"'
        for model in apps.get_models()
        for field in model._meta.concrete_fields
    ]
    for number in range(sizes.FINGERPRINTS):
        verdict = _verdict(chance, today)
        fit, crossing = (verdict.fits[0] if verdict.fits else None), verdict.crossing
        yield {
            "fingerprint": f"{chance.getrandbits(64):016x}",
            "shape": _shape(chance, columns),
            "first_seen_at": now - timedelta(days=DAYS),
            "last_seen_at": now,
            "first_release_id": release,
            "last_release_id": release + _RELEASES - 1,
            "origin": _ORIGINS[number % len(_ORIGINS)].format(number % 97),
            "place": f"observations/computing/{chance.choice(('reading', 'writing'))}.py:{number % 300}",
            **{name: chance.randrange(1, highest) for name, highest in _HIGHEST.items()},
            "failures_week": 3 if number % 50 == 0 else 0,
            "timeouts_week": 1 if number % 50 == 0 else 0,
            "lock_timeouts_week": 0,
            "recent": f"\\x{bytes([40] * 30 + [44] * 15 + [50] * 5).hex()}",
            "outlook": verdict.outlook.value,
            "exponent": fit and fit.exponent,
            "exponent_low": fit and fit.low,
            "exponent_high": fit and fit.high,
            "measure": fit.measure.value if fit else "",
            "driver": fit.driver if fit else "",
            "limit_name": crossing.limit_name if crossing else "",
            "driver_at_limit": crossing and crossing.driver_at_limit,
            "limit_on": crossing and crossing.on,
            "verdict": json.dumps(msgspec.to_builtins(verdict)),
            "curve": json.dumps([[1e6 - 3000 * n, chance.uniform(1e4, 2e4)] for n in range(24)]),
            "estimated_on": today,
        }


_HIGHEST = {
    "calls_day": 100_000,
    "calls_week": 700_000,
    "time_week_us": 10**11,
    "p95_now_us": 10**6,
    "p95_week_us": 10**6,
    "p95_quarter_us": 10**6,
    "longest_us": 10**7,
    "parameters_most": 100,
    "values_most": 70_000,
    "bytes_most": 10**6,
    "repeated_most": 40,
}


def _verdict(chance: Random, today: date) -> Verdict:
    """One in ten grows; of another one in ten too little is known."""
    place = chance.randrange(10)
    if place == 0:
        return Verdict(
            Outlook.TOO_LITTLE_DATA, "It ran in 3 different weeks or months; 10 are needed.", (), None, ()
        )
    fits = [
        Fit(
            measure,
            driver,
            chance.uniform(0, 2),
            0.01,
            2.01,
            DAYS,
            Curve(chance.random(), chance.random(), 1.1),
        )
        for measure, driver in zip(_MEASURES, (*_DRIVERS, _DRIVERS[0]), strict=True)
    ]
    changes = [Change("2026.3.0-rc1", today - timedelta(days=40), chance.uniform(0.5, 2))]
    if place > 1:
        return Verdict(Outlook.STEADY, f"{_REASON}.", fits, None, changes)
    on = today + timedelta(days=chance.randrange(30, 3_000))
    name = "the time limit of a request's statement (20 s)"
    crossing = Crossing(
        fits[0].measure, fits[0].driver, 20e6, name, 1e6, chance.uniform(2e6, 9e7), on, on, on
    )
    return Verdict(Outlook.GROWS, f"{_REASON}.", fits, crossing, changes)


def _shape(chance: Random, columns: Sequence[str]) -> str:
    shown = chance.sample(columns, chance.randrange(1, 25))
    asked = chance.sample(columns, chance.randrange(1, 8))
    return f"SELECT {', '.join(shown)} FROM {shown[0].split('.')[0]} WHERE {' = ? AND '.join(asked)} = ?"


def _copy_histograms(owner: Connection) -> None:
    """Twelve to thirty buckets each, as a day of a statement has."""
    chance = Random(sizes.SEED)  # noqa: S311 - as above
    lines = []
    for number in range(_HISTOGRAMS):
        first, buckets = chance.randrange(20, 60), chance.randrange(12, 30)
        counts = {first + step: 1 + int(chance.paretovariate(0.4)) % 20_000 for step in range(buckets)}
        lines.append(f"{number}\t\\\\x{packed(counts).hex()}\n")
    with owner.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE histograms (id int, durations bytea)")
        cursor.copy_expert("COPY histograms FROM STDIN", BytesIO("".join(lines).encode()))


def _text(value: object) -> str:
    """As COPY's text format has it."""
    return r"\N" if value is None else str(value).replace("\\", "\\\\")
