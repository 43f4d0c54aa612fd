"""Conflicts that wait for a person, counted."""

from django.db.models import Count

from clinical_engine.monitoring.probes import Probe, Reading
from observations.models import MeasurementConflict

# A sender that numbers its readings anew every day makes them by the thousand; health checks must not count them all.
_COUNT_UP_TO = 10_000


def _unresolved() -> Reading:
    rows = MeasurementConflict.objects.filter(resolved_at=None)
    count = rows[:_COUNT_UP_TO].aggregate(number=Count("pk"))["number"]
    return Reading(
        count,
        count == 0,
        "" if count == 0 else "Measurements came in twice with other content: somebody decides.",
    )


CONFLICTS = Probe(
    "measurement_conflicts", "Conflicts of measurements that nobody has resolved (up to 10,000)", _unresolved
)
