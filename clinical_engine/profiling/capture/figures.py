"""The figures of the last week that lists show, brought current for the statements that ran."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta

from django.utils import timezone

from clinical_engine.common.database import array_literal, database_now, execute, fetch_all
from clinical_engine.profiling.capture.batches import Counted
from clinical_engine.profiling.capture.days import Day
from clinical_engine.profiling.capture.judging import judge
from clinical_engine.profiling.durations import Durations, added, percentile, spread, unpacked
from clinical_engine.profiling.findings import heal

_DAYS = 7
_RECENT = 50


def bring_current(counted: Mapping[int, Counted], day: Day, latest: datetime | None) -> None:
    """Work the figures of these statements out anew, and open or refresh what is found wrong with them.

    `latest` is the latest time that can be true; None while the database's clock may be behind.
    """
    ids = sorted(counted)
    week = _durations_by_day(ids, day.at.date())
    before = dict(
        fetch_all(
            "SELECT id, recent FROM profiling_capturedstatement WHERE id = ANY(%s::bigint[])",
            [array_literal(ids)],
        )
    )
    recent = {
        each: (bytes(before[each]) + spread(counted[each].durations, _RECENT))[-_RECENT:] for each in ids
    }
    _write_durations(ids, week, recent)
    write_sums(ids, day.at.date())
    if latest is not None:
        heal(latest)
    past = replace(day, at=_when(day.at, latest))
    _note_timeouts(counted, past, is_sure=latest is not None)
    judge(counted, week, recent, past)


def _when(at: datetime, latest: datetime | None) -> datetime:
    # Of a clock that was ahead a finding would be due when its day comes; of one that is behind, at once overdue.
    past = min(at, database_now())
    if latest is not None:
        return past
    # Of what stood there before; by this process's clock alone, nothing would be of the last hour where that is the wrong one.
    [(seen,)] = fetch_all("SELECT max(last_seen_at) FROM profiling_capturedstatement")
    newest: datetime = min(seen, timezone.now())
    return max(past, newest)


def _durations_by_day(ids: Sequence[int], today: date) -> Mapping[int, Mapping[date, Durations]]:
    rows = fetch_all(
        """
        SELECT statement_id, day, durations FROM profiling_statementday
        WHERE statement_id = ANY(%s::bigint[]) AND day > %s AND day <= %s AND days = 1
        """,
        [array_literal(ids), today - timedelta(days=_DAYS), today],
    )
    found: dict[int, dict[date, Durations]] = defaultdict(dict)
    for statement_id, day, durations in rows:
        found[statement_id][day] = unpacked(durations)
    return found


def _write_durations(
    ids: Sequence[int], week: Mapping[int, Mapping[date, Durations]], recent: Mapping[int, bytes]
) -> None:
    execute(
        """
        UPDATE profiling_capturedstatement s SET p95_now_us = found.now, p95_week_us = found.week, recent = found.recent
        FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[], %s::bytea[]) AS found (id, now, week, recent)
        WHERE s.id = found.id
        """,
        [
            array_literal(ids),
            array_literal(_p95(Counter(recent[each])) for each in ids),
            array_literal(_p95(added(week[each].values())) for each in ids),
            array_literal(f"\\x{recent[each].hex()}" for each in ids),
        ],
    )


def _p95(durations: Durations) -> int | None:
    found = percentile(durations, 0.95)
    return None if found is None else round(found)


def write_sums(ids: Sequence[int], today: date) -> None:
    """Work out what these statements cost in the week that ends today; also of those that did not run in it."""
    since = today - timedelta(days=_DAYS)
    execute(
        """
        UPDATE profiling_capturedstatement s SET
            calls_day = week.calls_day, calls_week = week.calls, time_week_us = week.time_us, longest_us = week.longest_us,
            parameters_most = week.parameters_most, values_most = week.values_most, bytes_most = week.bytes_most,
            failures_week = week.failures, timeouts_week = week.timeouts, lock_timeouts_week = week.lock_timeouts,
            repeated_most = week.repeated_most,
            origin = main.origin, place = main.place,
            p95_week_us = CASE WHEN week.calls > 0 THEN LEAST(s.p95_week_us, week.longest_us) END,
            -- Nothing is longer than the longest; the last 50 are of this week where it has as many.
            p95_now_us = LEAST(s.p95_now_us, CASE WHEN week.calls >= length(s.recent) THEN week.longest_us END),
            p95_quarter_us = CASE
                -- All there is is of this week: two figures of the same must not differ.
                WHEN s.first_seen_at::date > %s THEN LEAST(s.p95_week_us, week.longest_us) ELSE s.p95_quarter_us END
        FROM unnest(%s::bigint[]) AS asked (id)
        CROSS JOIN LATERAL (
            SELECT COALESCE(sum(calls) FILTER (WHERE day = %s), 0) AS calls_day, COALESCE(sum(calls), 0) AS calls,
                COALESCE(sum(time_us), 0) AS time_us, COALESCE(max(longest_us), 0) AS longest_us,
                COALESCE(max(parameters_most), 0) AS parameters_most, COALESCE(max(values_most), 0) AS values_most,
                COALESCE(max(bytes_most), 0) AS bytes_most, COALESCE(sum(failures), 0) AS failures,
                COALESCE(sum(timeouts), 0) AS timeouts, COALESCE(sum(lock_timeouts), 0) AS lock_timeouts,
                COALESCE(max(repeated_most), 0) AS repeated_most
            FROM profiling_statementday d
            WHERE d.statement_id = asked.id AND d.day > %s AND d.day <= %s AND d.days = 1
        ) AS week
        CROSS JOIN LATERAL (
            SELECT origin, place FROM profiling_caller c WHERE c.statement_id = asked.id
            ORDER BY last_seen_at > %s DESC, time_us DESC, id LIMIT 1
        ) AS main
        WHERE s.id = asked.id
        """,
        [since, array_literal(ids), today, since, today, since],
    )


def _note_timeouts(counted: Mapping[int, Counted], day: Day, *, is_sure: bool) -> None:
    ids = [each for each, one in counted.items() if one.timeouts]
    if ids:
        execute(
            """
            UPDATE profiling_capturedstatement SET timed_out_at = CASE
                -- Nobody would be told of it until the time comes that a clock which was ahead has left.
                WHEN %s AND timed_out_at > clock_timestamp() THEN %s ELSE GREATEST(timed_out_at, %s) END
            WHERE id = ANY(%s::bigint[])
            """,
            [is_sure, day.at, day.at, array_literal(ids)],
        )
