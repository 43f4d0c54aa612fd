"""Following a backfill from a shell: a bar on a terminal, plain lines elsewhere."""

import sys
from io import TextIOBase
from time import monotonic, sleep

from tqdm import tqdm

from clinical_engine.common.saying import NewLines
from clinical_engine.jobs import selectors as jobs
from clinical_engine.jobs.states import STOPPED
from observations.backfill.report import progress
from observations.models import Backfill, BackfillState

_LOOK_EVERY_SECONDS = 0.5
_QUIET_SECONDS = 15.0
QUIET = "no step for a while: are the workers running?"


class JobStoppedError(Exception):
    """The backfill's job failed or was cancelled: nothing moves the backfill any more."""


def follow(backfill: Backfill, output: TextIOBase) -> Backfill:
    """Show a backfill's progress until it runs no more; how it stands then. Raises JobStoppedError."""
    show = _Bar() if output.isatty() else _Lines(output)
    try:
        while _is_running(backfill):
            show(backfill)
            sleep(_LOOK_EVERY_SECONDS)
        show(backfill)
    finally:
        show.close()
    return backfill


def _is_running(backfill: Backfill) -> bool:
    """Read it anew. Its job is asked before: one that has ended since has left the backfill as it is read then."""
    state = jobs.jobs().filter(pk=backfill.job_id).values_list("state", flat=True).first()
    driven_by = backfill.job_id
    backfill.refresh_from_db(from_queryset=Backfill.objects.select_related("script", "organisation"))
    if backfill.state != BackfillState.RUNNING:
        return False
    if state in STOPPED and backfill.job_id == driven_by:
        raise JobStoppedError
    return True


class _Quiet:
    """Notices when nothing moves."""

    def __init__(self) -> None:
        self._seen, self._since = -1, monotonic()

    def warning(self, backfill: Backfill) -> str:
        if backfill.patients_done != self._seen:
            self._seen, self._since = backfill.patients_done, monotonic()
        # One that goes slowly on purpose waits for so long only when a single patient takes it.
        return QUIET if monotonic() - self._since > _QUIET_SECONDS else ""


class _Lines:
    def __init__(self, output: TextIOBase) -> None:
        self._lines, self._quiet = NewLines(output), _Quiet()

    def __call__(self, backfill: Backfill) -> None:
        self._lines.say(progress(backfill), self._quiet.warning(backfill))

    def close(self) -> None:
        """There is nothing to end."""


class _Bar:
    def __init__(self) -> None:
        # On the process's error stream: a bar redraws its line, which Django's wrappers of output would break.
        self._bar, self._quiet = tqdm(desc="backfill", unit=" patients", file=sys.stderr), _Quiet()

    def __call__(self, backfill: Backfill) -> None:
        self._bar.total = max(backfill.patients, backfill.patients_done)
        self._bar.update(backfill.patients_done - self._bar.n)
        self._bar.set_postfix_str(
            f"{backfill.results_changed:,} results changed {self._quiet.warning(backfill)}"
        )

    def close(self) -> None:
        self._bar.close()
