"""What imports say of their health."""

from datetime import timedelta

from django.db.models import QuerySet
from django.utils import timezone

from clinical_engine.jobs import selectors as jobs
from clinical_engine.jobs.states import Outcome
from clinical_engine.monitoring.probes import Probe, Reading
from observations.models import ImportState, MeasurementImport

STALLED_AFTER = timedelta(minutes=10)


def stalled() -> QuerySet[MeasurementImport]:
    """The imports that are not over, and of which no worker has answered a slice for ten minutes, whatever the reason."""
    before = timezone.now() - STALLED_AFTER
    moving = MeasurementImport.objects.filter(state=ImportState.IMPORTING, received_at__lt=before)
    # By the ends of slices: a job that is tried again and again has been claimed a moment ago, and stands still all the same.
    stepped = jobs.jobs().filter(
        pk__in=moving.values("job_id"), attempts__outcome=Outcome.CONTINUES, attempts__ended_at__gte=before
    )
    return moving.exclude(job_id__in=stepped.values("pk"))


def _stalled() -> Reading:
    count = stalled().count()
    return Reading(count, count == 0, "" if count == 0 else "Imports have made no step for ten minutes.")


STALLED = Probe(
    "imports_stalled", "Imports that are not over, and have made no step for ten minutes", _stalled
)
