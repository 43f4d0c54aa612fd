"""The roll-up: what processes wrote in batches becomes what each statement cost by day, and the figures that lists show."""

import logging
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime
from typing import TypeAlias

from celery.exceptions import SoftTimeLimitExceeded
from django.db import InterfaceError, OperationalError, ProgrammingError, transaction

from clinical_engine.common.database import fetch_all
from clinical_engine.profiling.capture import batches, figures, storing
from clinical_engine.profiling.capture.clocks import latest_true
from clinical_engine.profiling.capture.day_rows import LOCK
from clinical_engine.profiling.capture.days import Day

logger = logging.getLogger(__name__)
_Written: TypeAlias = tuple[datetime, bytes | memoryview]
"""When a batch was written, and its content."""
_BATCHES_AT_ONCE = 200


def roll_up(now: datetime | None = None) -> int:
    """Take in all batches that there are; how many. Stops while another roll-up runs. One that cannot be taken in is given up.

    `now` is the time at which they count, for simulated months; without it each counts when it was written.
    """
    taken = 0
    while True:
        with transaction.atomic():
            [(free,)] = fetch_all("SELECT pg_try_advisory_xact_lock(%s)", [LOCK])
            found = _take() if free else []
            _add(found, now)
        if not found:
            return taken
        taken += len(found)


def _take() -> Sequence[_Written]:
    rows = fetch_all(
        """
        DELETE FROM profiling_capturedbatch
        WHERE id IN (SELECT id FROM profiling_capturedbatch WHERE format = %s ORDER BY id LIMIT %s)
        RETURNING id, captured_at, content
        """,
        [batches.FORMAT, _BATCHES_AT_ONCE],
    )
    return [(at, content) for _, at, content in sorted(rows, key=lambda row: row[0])]


def _add(found: Sequence[_Written], now: datetime | None) -> None:
    """Add batches to what is stored; when that fails each alone, so that a spoilt one takes no other with it and comes no more."""
    try:
        with transaction.atomic():
            latest = latest_true() if found else None
            for day in _days(found, now):
                figures.bring_current(storing.store(day, latest), day, latest)
    except (InterfaceError, OperationalError, ProgrammingError, SoftTimeLimitExceeded):
        # Of the database, or of a release whose tables are others: whatever the batches hold.
        raise
    except Exception:
        if len(found) == 1:
            logger.exception("A batch of what statements cost cannot be taken in.")
            return
        for each in found:
            _add([each], now)


def _days(found: Iterable[_Written], now: datetime | None) -> Sequence[Day]:
    days: dict[tuple[date, str], Day] = {}
    for captured_at, content in found:
        batch = batches.decoded(content)
        at = (now or captured_at).astimezone(UTC)
        day = days.setdefault((at.date(), batch.release), Day(at, batch.release))
        day.at = max(day.at, at)
        for counted in batch.counted:
            day.add(counted)
    return sorted(days.values(), key=lambda day: day.at)
