"""What backfills say of their health."""

from datetime import timedelta

from django.db.models import Q, QuerySet
from django.utils import timezone

from clinical_engine.jobs import selectors as jobs
from clinical_engine.monitoring.probes import Probe, Reading
from observations.models import Backfill, BackfillState

STALLED_AFTER = timedelta(minutes=10)


def stalled() -> QuerySet[Backfill]:
    """The backfills that should be running, and of which no worker has done a step for ten minutes."""
    before = timezone.now() - STALLED_AFTER
    running = Backfill.objects.filter(state=BackfillState.RUNNING)
    moved = jobs.jobs().filter(Q(claimed_at__gte=before) | Q(created_at__gte=before))
    return running.exclude(job_id__in=moved.filter(pk__in=running.values("job_id")).values("pk"))


def _stalled() -> Reading:
    count = stalled().count()
    return Reading(count, count == 0, "" if count == 0 else "Backfills have made no step for ten minutes.")


STALLED = Probe("backfills_stalled", "Backfills that run, and have made no step for ten minutes", _stalled)
