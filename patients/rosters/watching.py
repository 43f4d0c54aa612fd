"""Watching a roster from a shell."""

from io import TextIOBase

from clinical_engine.common.saying import joined, shown_on
from clinical_engine.jobs.following import follow
from patients.models import Roster
from patients.models.rosters import MOVING
from patients.rosters.report import progress


def watch(roster: Roster, output: TextIOBase) -> Roster:
    """Show a roster's progress until it goes on no more, or waits for a person; how it stands then.

    Raises JobStoppedError.
    """
    with shown_on(output, "reconciling", "patients") as show:
        for warning in follow(roster, MOVING, lambda: (roster.state, roster.done)):
            state = roster.get_state_display().lower()
            show(
                joined(progress(roster), warning),
                roster.done,
                roster.to_do,
                joined(state, warning),
            )
    return roster
