"""What the ledger says of its own health."""

from django.db.models import Count
from django.utils import timezone

from clinical_engine.jobs import sweeper
from clinical_engine.jobs.models import Circuit, Job
from clinical_engine.jobs.selectors import late
from clinical_engine.jobs.states import FAILED
from clinical_engine.monitoring.probes import Probe, Reading

# Counting stops here: a probe must stay cheap when a hundred thousand jobs fail.
_COUNT_UP_TO = 10_000


def _sweeper() -> Reading:
    last = sweeper.last_sweep()
    age = (timezone.now() - last).total_seconds() if last else None
    ok = age is not None and age < sweeper.stale_after().total_seconds()
    return Reading(
        age, ok, "" if ok else "No sweep lately: lost work is not brought back. Is the scheduler running?"
    )


def _failed() -> Reading:
    count = Job.objects.filter(state__in=FAILED)[:_COUNT_UP_TO].aggregate(number=Count("pk"))["number"]
    return Reading(count, count == 0, "" if count == 0 else "Jobs wait for a person.")


def _late() -> Reading:
    count = late(Job.objects.all())[:_COUNT_UP_TO].aggregate(number=Count("pk"))["number"]
    return Reading(
        count, count == 0, "" if count == 0 else "Due jobs are not being worked off. Are the workers running?"
    )


def _circuits() -> Reading:
    count = Circuit.objects.filter(opened_at__isnull=False).count()
    return Reading(
        count, count == 0, "" if count == 0 else "Something that work needs does not answer: it waits."
    )


PROBES = (
    Probe("seconds_since_last_sweep", "Seconds since the sweeper last ran", _sweeper, critical=True),
    Probe("jobs_failed", "Jobs that are dead or have an invalid payload (counted up to 10,000)", _failed),
    Probe("circuits_open", "Kinds of work that wait because something they need is broken", _circuits),
    Probe("jobs_late", "Jobs due for more than a minute and not started (counted up to 10,000)", _late),
)
