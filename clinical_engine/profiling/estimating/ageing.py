"""Older days become months; what nobody has sent for long is forgotten."""

from collections.abc import Sequence
from datetime import date, timedelta
from time import monotonic

from django.db import transaction

from clinical_engine.common.database import array_literal, execute, fetch_all
from clinical_engine.profiling.capture import storing
from clinical_engine.profiling.capture.day_rows import (
    LOCK,
    MONTH,
    DayRow,
    add_rows,
    month_of,
    take_scattered,
    with_scattered,
)
from clinical_engine.profiling.capture.units import unit_of_work

KEPT_BY_DAY = timedelta(days=90)
KEPT_BY_MONTH = timedelta(days=5 * 365)
# A statement that ran last so long ago is no longer sent; nor from places where it was last seen before its days became months.
FORGOTTEN_AFTER = timedelta(days=400)
# When statements have no room any more, those that ran last so long ago make some.
CROWDED_OUT_AFTER = timedelta(days=7)
# Of another release's format, and never taken in.
_BATCHES_KEPT = timedelta(days=7)
_STATEMENTS_AT_ONCE = 500
_LEAST_DAYS_RECORDED = 7


def age(today: date, patience: timedelta) -> None:
    """Put months together whose last day is older than 90 days, and forget what is too old; a slice in each transaction.

    Begins no slice after that time; the next run goes on. Does nothing on a day that a clock may have leapt to: one without 7 days,
    of the last 30, on which the drivers were read.
    """
    if not _goes_on(today):
        return
    deadline = monotonic() + patience.total_seconds()
    before = month_of(today - KEPT_BY_DAY)
    while _fold_a_slice(before) and monotonic() < deadline:
        pass
    with transaction.atomic():
        execute("DELETE FROM profiling_statementday WHERE day < %s", [today - KEPT_BY_MONTH])
        execute("DELETE FROM profiling_driverreading WHERE day < %s", [today - KEPT_BY_MONTH])
        execute("DELETE FROM profiling_capturedbatch WHERE captured_at < %s", [today - _BATCHES_KEPT])
        execute("DELETE FROM profiling_caller WHERE last_seen_at < %s", [today - KEPT_BY_DAY])
    _forget(today)


def _goes_on(today: date) -> bool:
    [(recorded,)] = fetch_all(
        "SELECT count(DISTINCT day) FROM profiling_driverreading WHERE day > %s AND day <= %s",
        [today - timedelta(days=MONTH), today],
    )
    return int(recorded) >= _LEAST_DAYS_RECORDED


# A unit for each slice, as for estimates.
@unit_of_work("task profiling.age")
@transaction.atomic
def _fold_a_slice(before: date) -> bool:
    """Of each statement and month one row for each release that ran: a month of two would have durations of neither."""
    execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
    parts: dict[tuple[int, int, date], DayRow] = {}
    for row in take_scattered(with_scattered(before, _STATEMENTS_AT_ONCE), before):
        key = row.statement_id, row.release_id, month_of(row.day)
        parts[key] = _together(parts[key], row) if key in parts else row
    if parts:
        add_rows([*parts.values()])
    return bool(parts)


def _together(part: DayRow, later: DayRow) -> DayRow:
    later.counted.add(part.counted)
    days = max(part.days, (later.day - part.day).days + later.days)
    return DayRow(part.statement_id, part.day, days, part.release_id, later.counted)


@transaction.atomic
def _forget(today: date) -> None:
    """Statements that ran last too long ago, but for those with a finding that is open."""
    execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
    ids = array_literal([*_not_since(today - FORGOTTEN_AFTER), *_crowded_out(today - CROWDED_OUT_AFTER)])
    for table in ("statementday", "caller", "finding"):
        execute(f"DELETE FROM profiling_{table} WHERE statement_id = ANY(%s::bigint[])", [ids])  # noqa: S608 - ours
    execute("DELETE FROM profiling_capturedstatement WHERE id = ANY(%s::bigint[])", [ids])


def _crowded_out(since: date) -> Sequence[int]:
    """Those above four fifths of what there is room for: a release's new statements must be seen."""
    [(number,)] = fetch_all("SELECT count(*) FROM profiling_capturedstatement")
    too_many = max(number - storing.MOST_STATEMENTS * 4 // 5, 0)
    return _not_since(since)[:too_many]


def _not_since(day: date) -> Sequence[int]:
    """The statements that ran last before that day and are not looked after, the oldest first."""
    found = fetch_all(
        """
        SELECT id FROM profiling_capturedstatement s
        WHERE last_seen_at < %s AND NOT EXISTS (
            SELECT FROM profiling_finding f WHERE f.statement_id = s.id AND f.closed_at IS NULL)
        ORDER BY last_seen_at, id
        """,
        [day],
    )
    return [each for (each,) in found]
