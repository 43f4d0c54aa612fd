"""What slow queries need attention."""

from datetime import timedelta

from django.conf import settings
from django.db.models import Count, Q
from django.db.models.functions import Now
from django.utils import timezone

from clinical_engine.monitoring.probes import Probe, Reading
from clinical_engine.profiling.crowding import crowding
from clinical_engine.profiling.models import CapturedStatement, Finding

TIMED_OUT_WITHIN = timedelta(hours=1)
CAPTURE_IS_OFF = "The capture of statements is off (CAPTURE_EVERY_SECONDS is 0): nothing newer is known."


def timed_out_lately() -> Q:
    """Of a captured statement. By the database's clock, which wrote it; one that was ahead has written nothing of today."""
    return Q(timed_out_at__gt=Now() - TIMED_OUT_WITHIN, timed_out_at__lte=Now())


def _timed_out() -> Reading:
    count = CapturedStatement.objects.filter(timed_out_lately()).count()
    told = "The database ended statements because they were over their limit." if count else _off()
    return Reading(count, count == 0, told)


def _overdue() -> Reading:
    count = _open(Q(due_on__lt=timezone.now().date()))
    return Reading(count, count == 0, "" if count == 0 else "Nobody decided on a slow query by its due date.")


def _all_open() -> Reading:
    return Reading(_open(), ok=True, message=_off())


def _crowding() -> Reading:
    found = crowding()
    return (
        Reading(0, ok=True, message=_off())
        if found is None
        else Reading(found.new, ok=False, message=str(found))
    )


def hint() -> str:
    """What whoever reads figures of the capture has to know of it; mostly ''."""
    return _off() or str(crowding() or "")


def _off() -> str:
    return "" if settings.CAPTURE_EVERY else CAPTURE_IS_OFF


def _open(which: Q | None = None) -> int:
    rows = Finding.objects.filter(which or Q(), closed_at=None)
    return int(rows.aggregate(number=Count("pk"))["number"])


PROBES = (
    Probe(
        "statements_timed_out",
        "Captured statements that were over their limit within the last hour",
        _timed_out,
    ),
    Probe(
        "findings_overdue",
        "Findings about captured statements that are open and past their due date",
        _overdue,
    ),
    Probe(
        "statements_crowding",
        "Statements new to the capture within the last hour while it has little room left",
        _crowding,
    ),
    Probe("findings_open", "Findings about captured statements that are open", _all_open),
)
