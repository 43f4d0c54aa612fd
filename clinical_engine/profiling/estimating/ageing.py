"""Older days become months; what nobody has sent for long is forgotten."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from django.db import transaction

from clinical_engine.common.database import array_literal, execute, fetch_all
from clinical_engine.profiling.durations import added, packed, unpacked

KEPT_BY_DAY = timedelta(days=90)
KEPT_BY_MONTH = timedelta(days=5 * 365)
# A statement that ran last so long ago is no longer sent.
FORGOTTEN_AFTER = timedelta(days=400)
# Of another release's format, and never taken in.
_BATCHES_KEPT = timedelta(days=7)
_MONTH = 30
_STATEMENTS_AT_ONCE = 500


def age(today: date) -> None:
    """Put months together whose last day is older than 90 days, and forget what is too old; a slice in each transaction."""
    # Months are 30 days, counted from a fixed day: each day belongs to one of them whenever it is asked.
    before = date.fromordinal((today - KEPT_BY_DAY).toordinal() // _MONTH * _MONTH)
    while _fold_a_slice(before):
        pass
    with transaction.atomic():
        execute("DELETE FROM profiling_statementday WHERE day < %s", [today - KEPT_BY_MONTH])
        execute("DELETE FROM profiling_driverreading WHERE day < %s", [today - KEPT_BY_MONTH])
        execute("DELETE FROM profiling_capturedbatch WHERE captured_at < %s", [today - _BATCHES_KEPT])
    _forget(today - FORGOTTEN_AFTER)


@transaction.atomic
def _fold_a_slice(before: date) -> bool:
    ids = fetch_all(
        "SELECT DISTINCT statement_id FROM profiling_statementday WHERE days = 1 AND day < %s LIMIT %s",
        [before, _STATEMENTS_AT_ONCE],
    )
    rows = fetch_all(
        """
        DELETE FROM profiling_statementday
        WHERE statement_id = ANY(%s::bigint[]) AND days = 1 AND day < %s
        RETURNING statement_id, day, durations, release_id, calls, time_us, rows, parameters, bytes, failures, timeouts,
            longest_us, parameters_most, values_most, bytes_most, repeated_most
        """,
        [array_literal(each for (each,) in ids), before],
    )
    months: dict[tuple[int, date], list[tuple[Any, ...]]] = {}
    for row in sorted(rows, key=lambda row: row[:2]):
        month = date.fromordinal(row[1].toordinal() // _MONTH * _MONTH)
        months.setdefault((row[0], month), []).append(row)
    for key, days in months.items():
        _store_month(*key, days)
    return bool(rows)


def _store_month(statement_id: int, month: date, days: Sequence[tuple[Any, ...]]) -> None:
    columns = list(zip(*days, strict=True))
    execute(
        """
        INSERT INTO profiling_statementday (
            statement_id, day, days, durations, release_id, calls, time_us, rows, parameters, bytes, failures, timeouts,
            longest_us, parameters_most, values_most, bytes_most, repeated_most)
        VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
        """,
        [
            *(statement_id, month, _MONTH, packed(added(map(unpacked, columns[2]))), columns[3][-1]),
            *(sum(column) for column in columns[4:11]),
            *(max(column) for column in columns[11:]),
        ],
    )


def _forget(since: date) -> None:
    """Statements that ran last before a day, but for those with a finding that is open."""
    forgotten = fetch_all(
        """
        SELECT id FROM profiling_capturedstatement s
        WHERE last_seen_at < %s AND NOT EXISTS (
            SELECT FROM profiling_finding f WHERE f.statement_id = s.id AND f.closed_at IS NULL)
        """,
        [since],
    )
    ids = array_literal(each for (each,) in forgotten)
    with transaction.atomic():
        for table in ("statementday", "caller", "finding"):
            execute(f"DELETE FROM profiling_{table} WHERE statement_id = ANY(%s::bigint[])", [ids])  # noqa: S608 - ours
        execute("DELETE FROM profiling_capturedstatement WHERE id = ANY(%s::bigint[])", [ids])
