"""The rows of what a statement cost by day, and later by month: adding to them, and taking them out."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from clinical_engine.common.database import array_literal, execute, fetch_all
from clinical_engine.profiling.capture.batches import Counted
from clinical_engine.profiling.durations import added, packed, unpacked

# Whoever changes rows holds this lock, of `pg_advisory_xact_lock`: durations are added up here, not in the database. Any number
# that no other advisory lock of this database uses.
LOCK = 7_301_030
_SUMS = (
    "calls",
    "time_us",
    "longest_us",
    "rows",
    "parameters_most",
    "values_most",
    "bytes_most",
    "failures",
    "timeouts",
    "lock_timeouts",
    "repeated_most",
)
_NAMES = ", ".join(_SUMS)
MONTH = 30
"""Days, counted from a fixed one: each day belongs to one month whenever it is asked."""
# As `month_of`. The number of a day is Python's.
_MONTH = f"(d.day - mod(d.day - DATE '0001-01-01' + 1, {MONTH}))"
_HAS_OTHERS = f"""EXISTS (
    SELECT FROM profiling_statementday other
    WHERE other.statement_id = d.statement_id AND other.release_id = d.release_id AND other.day <> d.day
      AND other.day >= {_MONTH} AND other.day < {_MONTH} + {MONTH})"""
_ARRAYS = ", ".join(["%s::bigint[]"] * len(_SUMS))


def month_of(day: date) -> date:
    """The first day of its month."""
    return date.fromordinal(day.toordinal() // MONTH * MONTH)


@dataclass(frozen=True, slots=True)
class DayRow:
    """What a statement cost in the `days` days that begin with `day`; of a day, the release is the one that ran last."""

    statement_id: int
    day: date
    days: int
    release_id: int
    counted: Counted


def add_rows(found: Sequence[DayRow]) -> None:
    """Add what was counted to what there is of the same statement and day."""
    keys = [array_literal(row.statement_id for row in found), array_literal(row.day for row in found)]
    before = {
        key: unpacked(durations)
        for *key_parts, durations in fetch_all(
            """
            SELECT statement_id, day, durations
            FROM profiling_statementday JOIN unnest(%s::bigint[], %s::date[]) AS found (statement_id, day)
            USING (statement_id, day)
            """,
            keys,
        )
        if (key := tuple(key_parts))
    }
    durations = [
        packed(added([before.get((row.statement_id, row.day), {}), row.counted.durations])) for row in found
    ]
    execute(
        f"""
        INSERT INTO profiling_statementday AS d (statement_id, day, days, release_id, {_NAMES}, durations)
        SELECT found.* FROM unnest(%s::bigint[], %s::date[], %s::int[], %s::bigint[], {_ARRAYS}, %s::bytea[]) AS found
        ORDER BY 1, 2
        ON CONFLICT (statement_id, day) DO UPDATE SET
            days = GREATEST(d.days, EXCLUDED.days),
            release_id = EXCLUDED.release_id,
            calls = d.calls + EXCLUDED.calls,
            time_us = d.time_us + EXCLUDED.time_us,
            longest_us = GREATEST(d.longest_us, EXCLUDED.longest_us),
            rows = d.rows + EXCLUDED.rows,
            parameters_most = GREATEST(d.parameters_most, EXCLUDED.parameters_most),
            values_most = GREATEST(d.values_most, EXCLUDED.values_most),
            bytes_most = GREATEST(d.bytes_most, EXCLUDED.bytes_most),
            failures = d.failures + EXCLUDED.failures,
            timeouts = d.timeouts + EXCLUDED.timeouts,
            lock_timeouts = d.lock_timeouts + EXCLUDED.lock_timeouts,
            repeated_most = GREATEST(d.repeated_most, EXCLUDED.repeated_most),
            durations = EXCLUDED.durations
        """,  # noqa: S608 - columns of ours
        [
            *keys,
            array_literal(row.days for row in found),
            array_literal(row.release_id for row in found),
            *(array_literal(getattr(row.counted, name) for row in found) for name in _SUMS),
            array_literal(f"\\x{each.hex()}" for each in durations),
        ],
    )


def with_scattered(before: date, number: int) -> Sequence[int]:
    """As many statements as that, at most, of which `take_scattered` finds something before a day."""
    found = fetch_all(
        f"SELECT DISTINCT d.statement_id FROM profiling_statementday d WHERE d.days = 1 AND d.day < %s AND {_HAS_OTHERS} LIMIT %s",  # noqa: S608 - ours
        [before, number],
    )
    return [each for (each,) in found]


def take_scattered(statement_ids: Sequence[int], before: date) -> list[DayRow]:
    """Delete what these statements have more than one row of, of the same month and release, before a day; the oldest first."""
    rows = fetch_all(
        f"""
        DELETE FROM profiling_statementday d WHERE d.statement_id = ANY(%s::bigint[]) AND d.day < %s AND {_HAS_OTHERS}
        RETURNING statement_id, day, days, release_id, durations, {_NAMES}
        """,  # noqa: S608 - columns of ours
        [array_literal(statement_ids), before],
    )
    return sorted(map(_row, rows), key=lambda row: (row.statement_id, row.day))


def _row(columns: tuple[Any, ...]) -> DayRow:
    statement_id, day, days, release_id, durations, *sums = columns
    named = dict(zip(_SUMS, sums, strict=True))
    counted = Counted(fingerprint="", shape="", origin="", place="", durations=unpacked(durations), **named)
    return DayRow(statement_id, day, days, release_id, counted)
