"""Writing a day's counts: releases, statements, their days and their callers, a statement of SQL for each."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from clinical_engine.common.database import array_literal, execute, fetch_all
from clinical_engine.profiling.capture.batches import OTHER_STATEMENTS, Counted
from clinical_engine.profiling.capture.day_rows import DayRow, add_rows
from clinical_engine.profiling.capture.days import Day
from clinical_engine.profiling.capture.room import make_room

# Beyond these, new statements take the place of those that ran a few times, or else count as '(other statements)': texts put
# together from values must not fill the disk.
MOST_STATEMENTS = 20_000
_CALLERS_AT_ONCE = 10_000


def store(day: Day, latest: datetime | None) -> Mapping[int, Counted]:
    """Add a day's counts to what is stored of it; what was added, by the statement's id.

    When something was seen is replaced where it is later than `latest`, the latest time that can be true; None where none is known.
    """
    release_id = _store_release(day.release)
    ids = _store_statements(day, release_id, latest)
    counted = {ids[fingerprint]: one for fingerprint, one in day.statements.items()}
    today = day.at.date()
    add_rows([DayRow(each, today, 1, release_id, one) for each, one in sorted(counted.items())])
    _store_callers(ids, day, latest)
    return counted


def _store_release(name: str) -> int:
    execute(
        "INSERT INTO profiling_release (name, first_seen_at) VALUES (%s, now()) ON CONFLICT (name) DO NOTHING",
        [name],
    )
    [(release_id,)] = fetch_all("SELECT id FROM profiling_release WHERE name = %s", [name])
    return int(release_id)


def _store_statements(day: Day, release_id: int, latest: datetime | None) -> Mapping[str, int]:
    _limit(day)
    found = sorted(day.statements.values(), key=lambda one: one.fingerprint)
    rows = fetch_all(
        """
        INSERT INTO profiling_capturedstatement AS s (
            fingerprint, shape, first_seen_at, last_seen_at, first_release_id, last_release_id, origin, place,
            calls_day, calls_week, time_week_us, longest_us, parameters_most, values_most, bytes_most, failures_week,
            timeouts_week, repeated_most, recent, outlook, measure, driver, limit_name, verdict, curve)
        SELECT fingerprint, shape, LEAST(%s, clock_timestamp()), LEAST(%s, clock_timestamp()), %s, %s,
            '', '', 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, '', %s, '', '', '', '{}', '[]'
        FROM unnest(%s::text[], %s::text[]) AS found (fingerprint, shape) ORDER BY fingerprint
        ON CONFLICT (fingerprint) DO UPDATE SET
            first_seen_at = CASE WHEN s.first_seen_at > %s THEN EXCLUDED.first_seen_at ELSE s.first_seen_at END,
            last_seen_at = CASE
                WHEN s.last_seen_at > %s THEN EXCLUDED.last_seen_at
                ELSE GREATEST(s.last_seen_at, EXCLUDED.last_seen_at) END,
            last_release_id = EXCLUDED.last_release_id
        RETURNING fingerprint, id
        """,
        [
            *(day.at, day.at, release_id, release_id, "too_little_data"),
            array_literal(one.fingerprint for one in found),
            array_literal(one.shape for one in found),
            *(latest, latest),
        ],
    )
    return dict(rows)


def _limit(day: Day) -> None:
    """Make room for new statements, and count those for which there is none as '(other statements)'."""
    known = fetch_all(
        "SELECT fingerprint FROM profiling_capturedstatement WHERE fingerprint = ANY(%s::text[])",
        [array_literal(day.statements)],
    )
    new = day.statements.keys() - {OTHER_STATEMENTS.fingerprint, *(fingerprint for (fingerprint,) in known)}
    [(stored,)] = fetch_all("SELECT count(*) FROM profiling_capturedstatement") if new else [(0,)]
    room = MOST_STATEMENTS - stored
    if len(new) > room:
        room = max(room + make_room(len(new) - room, keep=day.statements), 0)
    if len(new) > room:
        # Those that take most time are worth their room first.
        day.forget(
            sorted(new, key=lambda fingerprint: day.statements[fingerprint].time_us)[: len(new) - room]
        )


def _store_callers(ids: Mapping[str, int], day: Day, latest: datetime | None) -> None:
    found: Sequence[tuple[int, str, str, Counted]] = sorted(
        ((ids[fingerprint], origin, place, one) for (fingerprint, origin, place), one in day.callers.items()),
        key=lambda each: each[:3],
    )
    for start in range(0, len(found), _CALLERS_AT_ONCE):
        _store_some(found[start : start + _CALLERS_AT_ONCE], day, latest)


def _store_some(found: Sequence[tuple[int, str, str, Counted]], day: Day, latest: datetime | None) -> None:
    execute(
        """
        INSERT INTO profiling_caller AS c (
            statement_id, origin, place, calls, time_us, repeated_most, first_seen_at, last_seen_at)
        SELECT statement_id, origin, place, calls, time_us, repeated_most,
            LEAST(%s, clock_timestamp()), LEAST(%s, clock_timestamp())
        FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::bigint[], %s::bigint[], %s::bigint[])
            AS found (statement_id, origin, place, calls, time_us, repeated_most)
        ORDER BY 1, 2, 3
        ON CONFLICT (statement_id, origin, place) DO UPDATE SET
            calls = c.calls + EXCLUDED.calls,
            time_us = c.time_us + EXCLUDED.time_us,
            repeated_most = GREATEST(c.repeated_most, EXCLUDED.repeated_most),
            first_seen_at = CASE WHEN c.first_seen_at > %s THEN EXCLUDED.first_seen_at ELSE c.first_seen_at END,
            last_seen_at = CASE
                WHEN c.last_seen_at > %s THEN EXCLUDED.last_seen_at
                ELSE GREATEST(c.last_seen_at, EXCLUDED.last_seen_at) END
        """,
        [
            *(day.at, day.at),
            array_literal(each[0] for each in found),
            array_literal(each[1] for each in found),
            array_literal(each[2] for each in found),
            *(
                array_literal(getattr(each[3], name) for each in found)
                for name in ("calls", "time_us", "repeated_most")
            ),
            *(latest, latest),
        ],
    )
