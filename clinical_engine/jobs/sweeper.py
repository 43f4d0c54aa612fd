"""The sweeper: whatever a ring, a worker or Redis lost, it finds in PostgreSQL and rings for."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models.functions import Now

from clinical_engine.common.database import fetch_all
from clinical_engine.jobs import ledger, rings
from clinical_engine.jobs.models import PeriodicRun

SWEEP = "sweep"
# Any number that no other advisory lock of this database uses.
_LOCK = 7_301_001


def sweep() -> bool:
    """Take lost jobs back and ring for everything that is due. False when another sweep is under way."""
    with transaction.atomic():
        if not fetch_all("SELECT pg_try_advisory_xact_lock(%s)", [_LOCK])[0][0]:
            return False
        ledger.return_lost()
        due = ledger.due_work(ledger.kinds_waiting(), settings.JOB_QUEUES)
        PeriodicRun.objects.update_or_create(name=SWEEP, defaults={"last_run_at": Now()})
    for kind, queue, suspects in due:
        rings.ring(kind, queue, suspects=suspects)
    return True


def last_sweep() -> datetime | None:
    """When the last sweep was done, by the database's clock; None before the first."""
    return PeriodicRun.objects.filter(name=SWEEP).values_list("last_run_at", flat=True).first()


def stale_after() -> timedelta:
    """A sweep older than this means that nobody brings lost work back."""
    return max(settings.SWEEP_INTERVAL * 6, timedelta(seconds=30))
