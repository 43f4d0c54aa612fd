"""What is looked after without being asked: rosters compared again and again, and those whose job somebody stopped."""

from django.conf import settings
from django.db import transaction
from django.db.models.functions import Now

from clinical_engine.audit import services as audit
from clinical_engine.common.database import fetch_all
from clinical_engine.jobs import ledger
from clinical_engine.jobs import selectors as jobs
from clinical_engine.jobs.states import JobState
from patients.models import Roster, RosterState
from patients.models.rosters import MOVING

KIND = "drift"


@transaction.atomic
def compare_what_is_due() -> int:
    """Write a job for each last roster that is due to be compared again; how many. Two schedulers at once share them out.

    Whoever slipped through, whatever the cause, is counted then.
    """
    due = fetch_all(
        """
        UPDATE patients_roster SET drift_due_at = clock_timestamp() + %s
        WHERE id IN (SELECT id FROM patients_roster WHERE is_last AND drift_due_at <= statement_timestamp()
                     ORDER BY id FOR UPDATE SKIP LOCKED)
        RETURNING id, organisation_id, submitter_id
        """,
        [settings.ROSTER_COMPARED_EVERY],
    )
    if not due:
        return 0
    ledger.enqueue(
        KIND,
        [
            ledger.NewJob({"roster_id": str(roster)}, organisation_id=organisation, submitter_id=submitter)
            for roster, organisation, submitter in due
        ],
    )
    return len(due)


@transaction.atomic
def cancel_abandoned() -> int:
    """Cancel the rosters whose job a person has cancelled or discarded, which nobody would ever drive further; how many.

    Otherwise they would stand in the way of the submitter's next roster for good.
    """
    moving = Roster.objects.filter(state__in=MOVING)
    stopped = jobs.jobs().filter(pk__in=moving.values("job_id"), state=JobState.CANCELLED).values("pk")
    abandoned = list(moving.filter(job_id__in=stopped).select_for_update(skip_locked=True))
    for roster in abandoned:
        roster.state, roster.finished_at = RosterState.CANCELLED, Now()
        roster.save(update_fields=["state", "finished_at"])
    targets = [audit.Target("roster", roster.pk, roster.organisation_id) for roster in abandoned]
    audit.record(actor=None, action="roster.cancel", targets=targets, reason="Its job was stopped.")
    return len(abandoned)
