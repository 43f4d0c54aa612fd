"""Estimating one statement after the other, as long as there is time."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from time import monotonic

from django.db import transaction
from django.db.models import F, Q

from clinical_engine.common.database import fetch_all
from clinical_engine.profiling.capture.batches import OTHER_STATEMENTS
from clinical_engine.profiling.estimating.loading import load_histories
from clinical_engine.profiling.estimating.writing import WRITTEN, take_over
from clinical_engine.profiling.findings import Found, open_or_refresh
from clinical_engine.profiling.growth.estimating import estimate
from clinical_engine.profiling.growth.verdicts import Outlook
from clinical_engine.profiling.limits import limits_for
from clinical_engine.profiling.models import CapturedStatement, FindingKind

# Any number that no other advisory lock of this database uses.
_LOCK = 7_301_031
_AT_ONCE = 100


def estimate_due(now: datetime, patience: timedelta) -> int:
    """Estimate the statements that were not estimated today, as long as there is time; how many."""
    deadline = monotonic() + patience.total_seconds()
    done = 0
    while monotonic() < deadline:
        with transaction.atomic():
            [(free,)] = fetch_all("SELECT pg_try_advisory_xact_lock(%s)", [_LOCK])
            found = _due(now.date()) if free else []
            _estimate(found, now)
        if not found:
            break
        done += len(found)
    return done


def _due(today: date) -> Sequence[CapturedStatement]:
    return list(
        CapturedStatement.objects.filter(Q(estimated_on=None) | ~Q(estimated_on=today))
        .exclude(fingerprint=OTHER_STATEMENTS.fingerprint)
        .select_related("last_release")
        .prefetch_related("callers")
        .order_by(F("estimated_on").asc(nulls_first=True), "id")[:_AT_ONCE]
    )


def _estimate(statements: Sequence[CapturedStatement], now: datetime) -> None:
    histories = load_histories([each.pk for each in statements], now.date())
    found: list[Found] = []
    for statement in statements:
        limits = limits_for(caller.origin for caller in statement.callers.all())
        history = histories[statement.pk]
        verdict = estimate(history.days, limits)
        take_over(statement, verdict, history, now.date())
        if verdict.outlook is Outlook.GROWS:
            told = verdict.reason[:500]
            found.append(Found(statement.pk, FindingKind.GROWS, told, statement.last_release.name))
    CapturedStatement.objects.bulk_update(statements, WRITTEN)
    open_or_refresh(found, now)
