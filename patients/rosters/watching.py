"""Watching a roster from a shell: a bar on a terminal, plain lines elsewhere."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import TextIOBase
from time import monotonic, sleep

from tqdm import tqdm

from clinical_engine.common.saying import NewLines
from clinical_engine.jobs import selectors as jobs
from clinical_engine.jobs.states import STOPPED
from patients.models import Roster
from patients.models.rosters import MOVING
from patients.rosters.report import progress

_LOOK_EVERY_SECONDS = 0.5
_STALLED_AFTER_SECONDS = 10.0
STALLED = "no step for a while: are the workers running?"
Show = Callable[[Roster, str], None]


class JobStoppedError(Exception):
    """The roster's job failed or was cancelled: nothing moves the roster any more."""


def watch(roster: Roster, output: TextIOBase) -> Roster:
    """Show a roster's progress until it goes on no more, or waits for a person; how it stands then.

    Raises JobStoppedError.
    """
    with _shown_on(output) as show:
        seen, since = ("", 0), monotonic()
        roster.refresh_from_db()
        while True:
            job = jobs.job_for([roster.organisation_id], roster.job_id)
            roster.refresh_from_db()
            if (roster.state, roster.done) != seen:
                seen, since = (roster.state, roster.done), monotonic()
            show(roster, STALLED if monotonic() - since > _STALLED_AFTER_SECONDS else "")
            if roster.state not in MOVING:
                return roster
            if job is not None and job.state in STOPPED:
                raise JobStoppedError
            sleep(_LOOK_EVERY_SECONDS)


@contextmanager
def _shown_on(output: TextIOBase) -> Iterator[Show]:
    if not output.isatty():
        lines = NewLines(output)
        yield lambda roster, warning: lines.say(progress(roster), warning)
        return
    # On the process's error stream: a bar redraws its line, which Django's wrappers of output would break.
    with tqdm(desc="reconciling", unit=" patients", file=sys.stderr) as bar:

        def show(roster: Roster, warning: str) -> None:
            bar.total = roster.to_do
            bar.update(roster.done - bar.n)
            bar.set_postfix_str("; ".join(filter(None, [roster.get_state_display().lower(), warning])))

        yield show
