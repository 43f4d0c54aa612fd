"""What is looked after without being asked: imports whose job somebody stopped, and lines that have been kept for long enough."""

from datetime import timedelta

from django.db import transaction
from django.db.models.functions import Now

from clinical_engine.audit import services as audit
from clinical_engine.jobs import selectors as jobs
from clinical_engine.jobs.states import JobState
from observations.importing.advancing import clear
from observations.models import ImportState, MeasurementImport

LINES_KEPT_FOR = timedelta(days=30)
_TABLES = ("observations_importedline", "observations_rehearsedid")


@transaction.atomic
def cancel_abandoned() -> int:
    """Cancel the imports whose job a person has cancelled or discarded, which nobody would ever drive further; how many."""
    moving = MeasurementImport.objects.filter(state=ImportState.IMPORTING)
    stopped = jobs.jobs().filter(pk__in=moving.values("job_id"), state=JobState.CANCELLED).values("pk")
    abandoned = list(moving.filter(job_id__in=stopped).select_for_update(skip_locked=True))
    for file in abandoned:
        file.state, file.finished_at = ImportState.CANCELLED, Now()
        file.save(update_fields=["state", "finished_at"])
    targets = [audit.Target("measurement_import", file.pk, file.organisation_id) for file in abandoned]
    audit.record(
        actor=None, action="measurement_import.cancel", targets=targets, reason="Its job was stopped."
    )
    return len(abandoned)


@transaction.atomic
def forget_old_lines() -> int:
    """Delete some of the lines of the import that has been over for longest, if for more than 30 days; how many.

    Two schedulers at once take one each. The counts and the problems stay.
    """
    over = MeasurementImport.objects.filter(is_stored=True, finished_at__lt=Now() - LINES_KEPT_FOR)
    file = over.select_for_update(skip_locked=True).order_by("finished_at").first()
    if file is None:
        return 0
    deleted = sum(clear(table, [file.pk]) for table in _TABLES)
    if not deleted:
        file.is_stored = False
        file.save(update_fields=["is_stored"])
    return deleted
