"""The figures of the last week that lists show, brought current for the statements that ran, and what is found wrong with them."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta

from clinical_engine.common.database import array_literal, execute, fetch_all
from clinical_engine.profiling.capture.batches import OTHER_STATEMENTS, Counted
from clinical_engine.profiling.capture.days import Day
from clinical_engine.profiling.durations import Durations, added, percentile, spread, unpacked
from clinical_engine.profiling.findings import Found, open_or_refresh
from clinical_engine.profiling.growth.limits import Limits
from clinical_engine.profiling.growth.plan_changes import changed_by
from clinical_engine.profiling.models import FindingKind

# Executions of one statement within one request or batch of jobs: a query for each row.
REPEATED_TOO_OFTEN = 20
_DAYS = 7
# So many at once, and such a share of what ran, are no change of their plans.
_MANY, _MANY_SHARE = 5, 0.25
_RECENT = 50
# The fewest of the last executions that are compared with the usual ones: of more, some would be older than a change too long.
_LEAST_JUDGED = 20


def bring_current(counted: Mapping[int, Counted], day: Day) -> None:
    """Work the figures of these statements out anew, and open or refresh what is found of them."""
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
    _note_timeouts(counted, day)
    named = {each: one for each, one in counted.items() if one.fingerprint != OTHER_STATEMENTS.fingerprint}
    found = [*_slower(named, week, recent, day), *_over_limit(named, day), *_repeated(day, named)]
    open_or_refresh(found, day.at)


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
            failures_week = week.failures, timeouts_week = week.timeouts, repeated_most = week.repeated_most,
            origin = main.origin, place = main.place,
            p95_week_us = CASE WHEN week.calls > 0 THEN s.p95_week_us END
        FROM unnest(%s::bigint[]) AS asked (id)
        CROSS JOIN LATERAL (
            SELECT COALESCE(sum(calls) FILTER (WHERE day = %s), 0) AS calls_day, COALESCE(sum(calls), 0) AS calls,
                COALESCE(sum(time_us), 0) AS time_us, COALESCE(max(longest_us), 0) AS longest_us,
                COALESCE(max(parameters_most), 0) AS parameters_most, COALESCE(max(values_most), 0) AS values_most,
                COALESCE(max(bytes_most), 0) AS bytes_most, COALESCE(sum(failures), 0) AS failures,
                COALESCE(sum(timeouts), 0) AS timeouts, COALESCE(max(repeated_most), 0) AS repeated_most
            FROM profiling_statementday d
            WHERE d.statement_id = asked.id AND d.day > %s AND d.day <= %s AND d.days = 1
        ) AS week
        CROSS JOIN LATERAL (
            SELECT origin, place FROM profiling_caller c WHERE c.statement_id = asked.id
            ORDER BY last_seen_at > %s DESC, time_us DESC, id LIMIT 1
        ) AS main
        WHERE s.id = asked.id
        """,
        [array_literal(ids), today, since, today, since],
    )


def _note_timeouts(counted: Mapping[int, Counted], day: Day) -> None:
    ids = [each for each, one in counted.items() if one.timeouts]
    if ids:
        execute(
            """
            UPDATE profiling_capturedstatement SET timed_out_at = GREATEST(timed_out_at, %s) WHERE id = ANY(%s::bigint[])
            """,
            [day.at, array_literal(ids)],
        )


def _slower(
    named: Mapping[int, Counted],
    week: Mapping[int, Mapping[date, Durations]],
    recent: Mapping[int, bytes],
    day: Day,
) -> Sequence[Found]:
    factors: dict[int, float] = {}
    for each, one in named.items():
        judged = Counter(recent[each][-max(one.calls, _LEAST_JUDGED) :])
        usual = added(durations for on, durations in week[each].items() if on < day.at.date())
        factor = changed_by(usual, judged)
        if factor is not None:
            factors[each] = factor
    if len(factors) >= _MANY and len(factors) > len(named) * _MANY_SHARE:
        # Of all of them something else is the cause: one stands for them, that which takes most time.
        worst = max(factors, key=lambda each: named[each].time_us)
        beside = (
            f" So did {len(factors) - 1:,} others of {len(named):,} at once: the database as a whole is slow."
        )
        return [_found_slower(worst, factors[worst], day, beside)]
    return [_found_slower(each, factor, day) for each, factor in factors.items()]


def _found_slower(statement_id: int, factor: float, day: Day, beside: str = "") -> Found:
    told = f"The last executions took {factor:.1f} times as long as those of the days before.{beside}"
    return Found(statement_id, FindingKind.SLOWER, told, day.release, severity=factor)


def _over_limit(named: Mapping[int, Counted], day: Day) -> Iterator[Found]:
    for each, one in named.items():
        if one.timeouts:
            yield Found(
                each, FindingKind.OVER_LIMIT, f"It ran out of time {_times(one.timeouts)}.", day.release
            )
        elif one.parameters_most > Limits.parameters or one.values_most > Limits.values:
            told = (
                f"One execution had {one.parameters_most:,} parameters and a list of {one.values_most:,} values;"
                f" {Limits.parameters:,} is the most."
            )
            yield Found(each, FindingKind.OVER_LIMIT, told, day.release)


def _repeated(day: Day, named: Mapping[int, Counted]) -> Iterator[Found]:
    ids = {one.fingerprint: each for each, one in named.items()}
    most: dict[int, tuple[int, str]] = {}
    for (fingerprint, origin, place), one in day.callers.items():
        if fingerprint in ids and one.repeated_most >= REPEATED_TOO_OFTEN:
            told = f"It was sent {_times(one.repeated_most)} within one {origin}, from {place or 'Django itself'}."
            most[ids[fingerprint]] = max(most.get(ids[fingerprint], (0, "")), (one.repeated_most, told))
    for each, (times, told) in most.items():
        yield Found(each, FindingKind.REPEATED, told[:500], day.release, severity=times)


def _times(number: int) -> str:
    return "once" if number == 1 else f"{number:,} times"
