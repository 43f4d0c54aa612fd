"""Following a backfill from a shell."""

from io import TextIOBase

from clinical_engine.common.saying import joined, shown_on
from clinical_engine.jobs import following
from observations.backfill.report import progress
from observations.models import Backfill, BackfillState

# One that goes slowly on purpose makes no step for so long only when a single patient takes it.
_STALLED_AFTER_SECONDS = 15.0


def follow(backfill: Backfill, output: TextIOBase) -> Backfill:
    """Show a backfill's progress until it runs no more; how it stands then. Raises JobStoppedError."""
    with shown_on(output, "backfill", "patients") as show:
        for warning in following.follow(
            backfill,
            {BackfillState.RUNNING},
            lambda: backfill.patients_done,
            stalled_after=_STALLED_AFTER_SECONDS,
        ):
            show(
                joined(progress(backfill), warning),
                backfill.patients_done,
                max(backfill.patients, backfill.patients_done),
                joined(f"{backfill.results_changed:,} results changed", warning),
            )
    return backfill
