"""Missing work about measurements, counted one by one; and whether more are refused than usual."""

from django.db.models import Count

from clinical_engine.monitoring.probes import Probe, Reading
from observations import refused
from observations.selectors import outside_period, overdue_measurements

# Counting stops here: an import of unlinked history must not make every health check slow.
_COUNT_UP_TO = 10_000


def _overdue() -> Reading:
    count = overdue_measurements()[:_COUNT_UP_TO].aggregate(number=Count("pk"))["number"]
    return Reading(
        count, count == 0, "" if count == 0 else "Measurements wait for a link past their due time."
    )


def _outside() -> Reading:
    return Reading(outside_period()[:_COUNT_UP_TO].aggregate(number=Count("pk"))["number"], ok=True)


def _refused() -> Reading:
    count = len(refused.rising())
    message = "" if count == 0 else "Readings of API clients are refused far more often than usual."
    return Reading(count, count == 0, message)


PROBES = (
    Probe("measurements_overdue", "Measurements held past due (counted up to 10,000)", _overdue),
    Probe(
        "measurements_outside_period",
        "Measurements of times when nobody was stated active (up to 10,000)",
        _outside,
    ),
    Probe(
        "measurements_refused_rising", "API clients whose refused readings are far more than usual", _refused
    ),
)
