"""What is found wrong with statements as they are rolled up."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import NamedTuple

from clinical_engine.common.database import array_literal, fetch_all
from clinical_engine.profiling.capture.batches import OTHER_STATEMENTS, Counted
from clinical_engine.profiling.capture.days import Day
from clinical_engine.profiling.durations import Durations, added
from clinical_engine.profiling.findings import Found, open_or_refresh, severity
from clinical_engine.profiling.growth.limits import Limits
from clinical_engine.profiling.growth.plan_changes import changed_by
from clinical_engine.profiling.limits import can_be_mended
from clinical_engine.profiling.models import FindingKind

# Executions of one statement within one request or batch of jobs: a query for each row.
REPEATED_TOO_OFTEN = 20
# So many at once, and such a share of what ran, are no change of their plans.
_MANY, _MANY_SHARE = 5, 0.25
# The fewest of the last executions that are compared with the usual ones: of more, some would be older than a change too long.
_LEAST_JUDGED = 20


def judge(
    counted: Mapping[int, Counted],
    week: Mapping[int, Mapping[date, Durations]],
    recent: Mapping[int, bytes],
    day: Day,
) -> None:
    """Open or refresh what is found of the statements that were counted, by the durations of their week and their last ones.

    The sums of the week must be current. What only silk sends counts, and has no findings: nobody here can mend it.
    """
    ours = {fingerprint for fingerprint, origin, _ in day.callers if can_be_mended(origin)}
    ours.discard(OTHER_STATEMENTS.fingerprint)
    named = {each: one for each, one in counted.items() if one.fingerprint in ours}
    found = [
        *_slower(named, week, recent, day),
        *_over_limit(named, day),
        *_too_many(named, day),
        *_repeated(day, named),
    ]
    open_or_refresh(found, day.at)


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
    # What was found before today stands as it is until it happens again.
    for each, week in _timed_out([each for each, one in named.items() if one.timeouts]).items():
        # When it was counted: it happened shortly before.
        told = f"{week.what} {_times(week.times)} in 7 days, last in the minutes before {week.last:%-d %B %Y, %H:%M} UTC{week.why}."
        yield Found(each, FindingKind.OVER_LIMIT, told, day.release, severity.of_timeouts(week.times))


class _TimedOut(NamedTuple):
    """How often a statement was over its time limit in the last 7 days, how often of these for a lock, and when last."""

    times: int
    for_locks: int
    last: datetime

    @property
    def what(self) -> str:
        only_locks = self.for_locks == self.times
        return "It gave up waiting for a lock" if only_locks else "It was over its time limit"

    @property
    def why(self) -> str:
        if not self.for_locks:
            return ": it took too long"
        if self.for_locks == self.times:
            return ""
        return f": it took too long, or gave up waiting for a lock ({_times(self.for_locks)})"


def _timed_out(ids: Sequence[int]) -> Mapping[int, _TimedOut]:
    if not ids:
        return {}
    rows = fetch_all(
        """
        SELECT id, timeouts_week, lock_timeouts_week, timed_out_at
        FROM profiling_capturedstatement WHERE id = ANY(%s::bigint[])
        """,
        [array_literal(ids)],
    )
    return {each: _TimedOut(*week) for each, *week in rows}


def _too_many(named: Mapping[int, Counted], day: Day) -> Iterator[Found]:
    for each, one in named.items():
        most = max(one.parameters_most / Limits.parameters, one.values_most / Limits.values)
        if most > 1:
            told = (
                f"One execution had {_number(one.parameters_most, 'parameter')} and a list of"
                f" {_number(one.values_most, 'value')}; {Limits.parameters:,} is the most."
            )
            yield Found(each, FindingKind.TOO_MANY, told, day.release, severity.of_ratio(most))


def _number(of: int, name: str) -> str:
    return f"{of:,} {name}{'' if of == 1 else 's'}"


def _repeated(day: Day, named: Mapping[int, Counted]) -> Iterator[Found]:
    ids = {one.fingerprint: each for each, one in named.items()}
    most: dict[int, tuple[int, str]] = {}
    for (fingerprint, origin, place), one in day.callers.items():
        if fingerprint in ids and one.repeated_most >= REPEATED_TOO_OFTEN and can_be_mended(origin):
            told = f"It was sent {_times(one.repeated_most)} within one {origin}, from {place or 'Django itself'}."
            most[ids[fingerprint]] = max(most.get(ids[fingerprint], (0, "")), (one.repeated_most, told))
    for each, (times, told) in most.items():
        yield Found(each, FindingKind.REPEATED, told[:500], day.release, severity=times)


def _times(number: int) -> str:
    return "once" if number == 1 else f"{number:,} times"
