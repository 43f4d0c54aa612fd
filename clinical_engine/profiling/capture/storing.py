"""Writing a day's counts: releases, statements, their days and their callers, a statement of SQL for each."""

from collections.abc import Mapping, Sequence

from clinical_engine.common.database import array_literal, execute, fetch_all
from clinical_engine.profiling.capture.batches import OTHER_STATEMENTS, Counted
from clinical_engine.profiling.capture.days import Day
from clinical_engine.profiling.durations import added, packed, unpacked
from clinical_engine.profiling.models import CapturedStatement, Release

# Statements beyond these count as '(other statements)': texts put together from values must not fill the disk.
MOST_STATEMENTS = 20_000


def store(day: Day) -> Mapping[int, Counted]:
    """Add a day's counts to what is stored of it; what was added, by the statement's id."""
    release, _ = Release.objects.get_or_create(name=day.release[:200])
    ids = _store_statements(day, release.pk)
    counted = {ids[fingerprint]: one for fingerprint, one in day.statements.items()}
    _store_days(counted, day, release.pk)
    _store_callers(ids, day)
    return counted


def _store_statements(day: Day, release_id: int) -> Mapping[str, int]:
    _limit(day)
    found = sorted(day.statements.values(), key=lambda one: one.fingerprint)
    rows = fetch_all(
        """
        INSERT INTO profiling_capturedstatement AS s (
            fingerprint, shape, first_seen_at, last_seen_at, first_release_id, last_release_id, origin, place,
            calls_day, calls_week, time_week_us, longest_us, parameters_most, values_most, bytes_most, failures_week,
            timeouts_week, repeated_most, recent, outlook, measure, driver, limit_name, verdict, curve)
        SELECT fingerprint, shape, %s, %s, %s, %s, '', '', 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, '', %s, '', '', '', '{}', '[]'
        FROM unnest(%s::text[], %s::text[]) AS found (fingerprint, shape) ORDER BY fingerprint
        ON CONFLICT (fingerprint) DO UPDATE SET
            first_seen_at = LEAST(s.first_seen_at, EXCLUDED.first_seen_at),
            last_seen_at = GREATEST(s.last_seen_at, EXCLUDED.last_seen_at),
            last_release_id = EXCLUDED.last_release_id
        RETURNING fingerprint, id
        """,
        [
            *(day.at, day.at, release_id, release_id, "too_little_data"),
            array_literal(one.fingerprint for one in found),
            array_literal(one.shape for one in found),
        ],
    )
    return dict(rows)


def _limit(day: Day) -> None:
    """Count new statements for which there is no room as '(other statements)'."""
    known = set(
        CapturedStatement.objects.filter(fingerprint__in=[*day.statements]).values_list(
            "fingerprint", flat=True
        )
    )
    new = [fingerprint for fingerprint in day.statements if fingerprint not in known]
    room = MOST_STATEMENTS - CapturedStatement.objects.count() if new else 0
    for fingerprint in new[max(room, 0) :]:
        if fingerprint == OTHER_STATEMENTS.fingerprint:
            continue
        day.forget(fingerprint)


_ARRAYS = ", ".join(["%s::bigint[]"] * 12)


def _store_days(counted: Mapping[int, Counted], day: Day, release_id: int) -> None:
    ids = sorted(counted)
    before = {
        statement_id: unpacked(durations)
        for statement_id, durations in fetch_all(
            "SELECT statement_id, durations FROM profiling_statementday WHERE day = %s AND statement_id = ANY(%s::bigint[])",
            [day.at.date(), array_literal(ids)],
        )
    }
    ones = [counted[each] for each in ids]
    durations = [packed(added([before.get(each, {}), counted[each].durations])) for each in ids]
    execute(
        f"""
        INSERT INTO profiling_statementday AS d (
            day, days, release_id, statement_id, calls, time_us, longest_us, rows, parameters, parameters_most, values_most,
            bytes, bytes_most, failures, timeouts, repeated_most, durations)
        SELECT %s, 1, %s, found.* FROM unnest(%s::bigint[], {_ARRAYS}, %s::bytea[]) AS found ORDER BY 3
        ON CONFLICT (statement_id, day) DO UPDATE SET
            release_id = EXCLUDED.release_id,
            calls = d.calls + EXCLUDED.calls,
            time_us = d.time_us + EXCLUDED.time_us,
            longest_us = GREATEST(d.longest_us, EXCLUDED.longest_us),
            rows = d.rows + EXCLUDED.rows,
            parameters = d.parameters + EXCLUDED.parameters,
            parameters_most = GREATEST(d.parameters_most, EXCLUDED.parameters_most),
            values_most = GREATEST(d.values_most, EXCLUDED.values_most),
            bytes = d.bytes + EXCLUDED.bytes,
            bytes_most = GREATEST(d.bytes_most, EXCLUDED.bytes_most),
            failures = d.failures + EXCLUDED.failures,
            timeouts = d.timeouts + EXCLUDED.timeouts,
            repeated_most = GREATEST(d.repeated_most, EXCLUDED.repeated_most),
            durations = EXCLUDED.durations
        """,  # noqa: S608 - a number of placeholders
        [
            *(day.at.date(), release_id, array_literal(ids)),
            *(array_literal(getattr(one, name) for one in ones) for name in _SUMS),
            array_literal(f"\\x{each.hex()}" for each in durations),
        ],
    )


_SUMS = (
    "calls",
    "time_us",
    "longest_us",
    "rows",
    "parameters",
    "parameters_most",
    "values_most",
    "bytes",
    "bytes_most",
    "failures",
    "timeouts",
    "repeated_most",
)


def _store_callers(ids: Mapping[str, int], day: Day) -> None:
    found: Sequence[tuple[int, str, str, Counted]] = sorted(
        ((ids[fingerprint], origin, place, one) for (fingerprint, origin, place), one in day.callers.items()),
        key=lambda each: each[:3],
    )
    execute(
        """
        INSERT INTO profiling_caller AS c (
            statement_id, origin, place, calls, time_us, repeated_most, first_seen_at, last_seen_at)
        SELECT statement_id, origin, place, calls, time_us, repeated_most, %s, %s
        FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::bigint[], %s::bigint[], %s::bigint[])
            AS found (statement_id, origin, place, calls, time_us, repeated_most)
        ORDER BY 1, 2, 3
        ON CONFLICT (statement_id, origin, place) DO UPDATE SET
            calls = c.calls + EXCLUDED.calls,
            time_us = c.time_us + EXCLUDED.time_us,
            repeated_most = GREATEST(c.repeated_most, EXCLUDED.repeated_most),
            last_seen_at = GREATEST(c.last_seen_at, EXCLUDED.last_seen_at)
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
        ],
    )
