"""Estimating one statement after the other, as long as there is time."""

import logging
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from time import monotonic

from django.db import transaction
from django.db.models import F, Q

from clinical_engine.common.database import fetch_all
from clinical_engine.profiling.capture.batches import OTHER_STATEMENTS
from clinical_engine.profiling.capture.figures import write_sums
from clinical_engine.profiling.capture.units import unit_of_work
from clinical_engine.profiling.estimating.judging import found_of
from clinical_engine.profiling.estimating.loading import load_histories, load_origins
from clinical_engine.profiling.estimating.writing import save, take_over
from clinical_engine.profiling.findings import Found, open_or_refresh
from clinical_engine.profiling.growth.estimating import estimate
from clinical_engine.profiling.limits import can_be_mended, limits_for
from clinical_engine.profiling.models import CapturedStatement

logger = logging.getLogger(__name__)
# Any number that no other advisory lock of this database uses.
_LOCK = 7_301_031
_AT_ONCE = 100


def estimate_due(now: datetime, patience: timedelta) -> int:
    """Estimate the statements that were not estimated today, as long as there is time; how many."""
    deadline = monotonic() + patience.total_seconds()
    done = 0
    while monotonic() < deadline:
        # A unit for each slice: the same statements in slice after slice are no query for each row.
        with unit_of_work("task profiling.estimate_growth"), transaction.atomic():
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
        .order_by(F("estimated_on").asc(nulls_first=True), "id")[:_AT_ONCE]
    )


def _estimate(statements: Sequence[CapturedStatement], now: datetime) -> None:
    ids = [each.pk for each in statements]
    histories, origins = load_histories(ids, now.date()), load_origins(ids)
    found: list[Found] = []
    write_sums(ids, now.date())
    for statement in statements:
        history, sent_for = histories[statement.pk], origins[statement.pk]
        limits = limits_for(sent_for)
        try:
            verdict = estimate(history.days, limits)
        except (ArithmeticError, ValueError):
            # It would come first again and again, and nothing behind it.
            logger.exception("The statement %s cannot be estimated.", statement.fingerprint)
            statement.estimated_on = now.date()
            continue
        take_over(statement, verdict, history, now.date())
        found += found_of(
            statement, verdict, history.week, [each for each in sent_for if can_be_mended(each)]
        )
    save(statements)
    open_or_refresh(found, now)
