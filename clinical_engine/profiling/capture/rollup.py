"""The roll-up: what processes wrote in batches becomes what each statement cost by day, and the figures that lists show."""

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime

from django.db import transaction

from clinical_engine.common.database import fetch_all
from clinical_engine.profiling.capture import batches, figures, storing
from clinical_engine.profiling.capture.days import Day

# Any number that no other advisory lock of this database uses.
_LOCK = 7_301_030
_BATCHES_AT_ONCE = 200


def roll_up(now: datetime | None = None) -> int:
    """Take in all batches that there are; how many. Stops while another roll-up runs.

    `now` is the time at which they count, for simulated months; without it each counts when it was written.
    """
    taken = 0
    while True:
        with transaction.atomic():
            [(free,)] = fetch_all("SELECT pg_try_advisory_xact_lock(%s)", [_LOCK])
            found = _take() if free else []
            for day in _days(found, now):
                statements = storing.store(day)
                figures.bring_current(statements, day)
        if not found:
            return taken
        taken += len(found)


def _take() -> list[tuple[datetime, batches.Batch]]:
    rows = fetch_all(
        """
        DELETE FROM profiling_capturedbatch
        WHERE id IN (SELECT id FROM profiling_capturedbatch WHERE format = %s ORDER BY id LIMIT %s)
        RETURNING id, captured_at, content
        """,
        [batches.FORMAT, _BATCHES_AT_ONCE],
    )
    return [(at, batches.decoded(content)) for _, at, content in sorted(rows, key=lambda row: row[0])]


def _days(found: Iterable[tuple[datetime, batches.Batch]], now: datetime | None) -> Sequence[Day]:
    days: dict[tuple[date, str], Day] = {}
    for captured_at, batch in found:
        at = (now or captured_at).astimezone(UTC)
        day = days.setdefault((at.date(), batch.release), Day(at, batch.release))
        day.at = max(day.at, at)
        for counted in batch.counted:
            day.add(counted)
    return sorted(days.values(), key=lambda day: day.at)
