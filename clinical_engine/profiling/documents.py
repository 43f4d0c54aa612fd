"""Captured statements as JSON, for scripts. Keys are never renamed; new ones may come. Durations are whole microseconds."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from django.utils import timezone

from clinical_engine.profiling.admin.verdicts import sentence, verdict_of
from clinical_engine.profiling.durations import percentile, unpacked
from clinical_engine.profiling.growth.verdicts import Crossing, Verdict
from clinical_engine.profiling.models import Caller, CapturedStatement, Finding, StatementDay

Json = dict[str, Any]
_FIGURES = (
    *("calls_day", "calls_week", "time_week_us", "p95_now_us", "p95_week_us", "p95_quarter_us", "longest_us"),
    *("parameters_most", "values_most", "bytes_most", "failures_week", "timeouts_week"),
    *("lock_timeouts_week", "repeated_most"),
)


def statement_json(statement: CapturedStatement, findings: Iterable[Finding]) -> Json:
    """A statement: what it is, its figures, what is said of its future, and what was found wrong with it."""
    verdict = verdict_of(statement)
    return {
        "fingerprint": statement.fingerprint,
        "shape": statement.shape,
        "origin": statement.origin,
        "place": statement.place,
        "first_seen_at": _text(statement.first_seen_at),
        "last_seen_at": _text(statement.last_seen_at),
        "first_release": statement.first_release.name,
        "last_release": statement.last_release.name,
        "timed_out_at": _text(statement.timed_out_at),
        **{name: getattr(statement, name) for name in _FIGURES},
        "outlook": statement.outlook,
        "reason": sentence(verdict),
        "growth": _growth(statement),
        "fits": _fits(verdict),
        "limit": _limit(verdict.crossing) if verdict and verdict.crossing else None,
        "changes": _changes(verdict),
        "findings": [finding_json(each) for each in findings],
    }


def _growth(statement: CapturedStatement) -> Json | None:
    if statement.exponent is None:
        return None
    return {
        "measure": statement.measure,
        "driver": statement.driver,
        "exponent": statement.exponent,
        "low": statement.exponent_low,
        "high": statement.exponent_high,
    }


def _fits(verdict: Verdict | None) -> Sequence[Json]:
    """Of each measure the fit that explains it best."""
    return [
        {
            "measure": each.measure,
            "driver": each.driver,
            "exponent": each.exponent,
            "low": each.low,
            "high": each.high,
        }
        for each in (verdict.fits if verdict else ())
    ]


def _limit(crossing: Crossing) -> Json:
    return {
        "name": crossing.limit_name,
        "measure": crossing.measure,
        "value": crossing.limit,
        "driver": crossing.driver,
        "driver_now": crossing.driver_now,
        "driver_at_limit": crossing.driver_at_limit,
        "on": _text(crossing.on),
        "earliest": _text(crossing.earliest),
        "latest": _text(crossing.latest),
    }


def _changes(verdict: Verdict | None) -> Sequence[Json]:
    return [
        {"release": each.release, "day": _text(each.day), "factor": each.factor}
        for each in (verdict.changes if verdict else ())
    ]


def finding_json(finding: Finding) -> Json:
    """What was found, and who decides on it until when."""
    is_open = finding.closed_at is None
    return {
        "kind": finding.kind,
        "told": finding.told,
        "release": finding.release,
        "found_at": _text(finding.found_at),
        "owner": finding.owner.get_username() if finding.owner else None,
        "note": finding.note,
        "due_on": _text(finding.due_on),
        "put_off": finding.put_off,
        "overdue": is_open and finding.due_on < timezone.now().date(),
        "closed_at": _text(finding.closed_at),
        "closed_by": finding.closed_by.get_username() if finding.closed_by else None,
        "closed_because": finding.closed_because,
    }


def caller_json(caller: Caller) -> Json:
    """Who sends a statement, from where, and what that has cost since it was first seen."""
    return {
        "origin": caller.origin,
        "place": caller.place,
        "calls": caller.calls,
        "time_us": caller.time_us,
        "repeated_most": caller.repeated_most,
        "first_seen_at": _text(caller.first_seen_at),
        "last_seen_at": _text(caller.last_seen_at),
    }


_OF_A_DAY = (
    *("days", "calls", "time_us", "longest_us", "rows", "parameters_most", "values_most", "bytes_most"),
    *("failures", "timeouts", "lock_timeouts", "repeated_most"),
)


def day_json(day: StatementDay) -> Json:
    """What a statement cost in a day, or where `days` is more in the month that begins with it."""
    durations: Mapping[int, int] = unpacked(day.durations)
    return {
        "day": _text(day.day),
        "release": day.release.name,
        "median_us": _whole(percentile(durations, 0.5, day.longest_us)),
        "p95_us": _whole(percentile(durations, 0.95, day.longest_us)),
        **{name: getattr(day, name) for name in _OF_A_DAY},
    }


def _whole(value: float | None) -> int | None:
    return None if value is None else round(value)


def _text(when: date | datetime | None) -> str | None:
    return None if when is None else when.isoformat()
