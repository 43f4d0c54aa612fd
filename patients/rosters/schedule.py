"""Comparing every submitter's last roster again and again: whoever slipped through, whatever the cause, is counted."""

from django.conf import settings
from django.db import transaction

from clinical_engine.common.database import fetch_all
from clinical_engine.jobs import ledger

KIND = "drift"


@transaction.atomic
def compare_what_is_due() -> int:
    """Write a job for each last roster that is due to be compared again; how many. Two schedulers at once share them out."""
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
