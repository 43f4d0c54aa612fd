"""What is found wrong with a statement once a day: that it grows, and that it is slower than it may be."""

from collections.abc import Iterator, Sequence
from datetime import date, timedelta

from clinical_engine.profiling.estimating.loading import Period
from clinical_engine.profiling.findings import DUE_WITHIN, Found, severity
from clinical_engine.profiling.growth.verdicts import Crossing, Outlook, Verdict
from clinical_engine.profiling.limits import limits_for
from clinical_engine.profiling.models import CapturedStatement, FindingKind

# What is farther away in both is nothing to act on yet: in three years a statement is rewritten anyway, and a customer who brings
# ten times as many patients does not come by surprise.
_NEAR, _NEAR_FACTOR = timedelta(days=3 * 365), 10.0
_SOON = timedelta(days=365)
_DUE_LATER = timedelta(days=30)
# Of fewer, one slow execution would be the slowest twentieth.
_LEAST_EXECUTIONS = 20


def found_of(
    statement: CapturedStatement, verdict: Verdict, week: Period, sent_for: Sequence[str]
) -> Iterator[Found]:
    """What is wrong with a statement that these origins send; nothing without any."""
    if sent_for and statement.estimated_on:
        yield from _growing(statement, verdict, statement.estimated_on)
        yield from _over_budget(statement, week, sent_for)


def _growing(statement: CapturedStatement, verdict: Verdict, today: date) -> Iterator[Found]:
    crossing = verdict.crossing
    if verdict.outlook is not Outlook.GROWS or crossing is None or not _is_near(crossing, today):
        return
    due_within = DUE_WITHIN if crossing.on and crossing.on <= today + _SOON else _DUE_LATER
    release = statement.last_release.name
    share = crossing.driver_now / crossing.driver_at_limit if crossing.driver_at_limit else 0.0
    yield Found(statement.pk, FindingKind.GROWS, verdict.reason, release, share, due_within)


def _is_near(crossing: Crossing, today: date) -> bool:
    soon = crossing.on is not None and crossing.on <= today + _NEAR
    return soon or crossing.driver_at_limit <= _NEAR_FACTOR * crossing.driver_now


def _over_budget(statement: CapturedStatement, week: Period, sent_for: Sequence[str]) -> Iterator[Found]:
    limits, p95_us = limits_for(sent_for), week.p95_us
    # What ran out of time is told of already, and worse.
    if p95_us is None or week.calls < _LEAST_EXECUTIONS or p95_us <= limits.duration_us or week.timeouts:
        return
    told = f"One execution in twenty takes {p95_us / 1e6:.2g} s; {limits.duration_name} is what it may take."
    ratio = severity.of_ratio(p95_us / limits.duration_us)
    yield Found(statement.pk, FindingKind.OVER_LIMIT, told, statement.last_release.name, ratio)
