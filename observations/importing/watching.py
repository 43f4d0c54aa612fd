"""Watching an import from a shell: a bar on a terminal, plain lines elsewhere."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import TextIOBase
from time import monotonic, sleep

from tqdm import tqdm

from clinical_engine.common.saying import NewLines
from clinical_engine.jobs import selectors as jobs
from clinical_engine.jobs.states import STOPPED
from observations.importing.report import progress
from observations.models import ImportState, MeasurementImport

_LOOK_EVERY_SECONDS = 0.5
_STALLED_AFTER_SECONDS = 10.0
STALLED = "no step for a while: are the workers running?"
Show = Callable[[MeasurementImport, str], None]


class JobStoppedError(Exception):
    """The import's job failed or was cancelled: nothing moves the import any more."""


def watch(file: MeasurementImport, output: TextIOBase) -> MeasurementImport:
    """Show an import's progress until it goes on no more; how it stands then. Raises JobStoppedError."""
    with _shown_on(output) as show:
        seen, since = -1, monotonic()
        while True:
            # Before the import: a job that ended since has left it as it is read now.
            job = jobs.job_for([file.organisation_id], file.job_id)
            file.refresh_from_db()
            if file.done != seen:
                seen, since = file.done, monotonic()
            show(file, STALLED if monotonic() - since > _STALLED_AFTER_SECONDS else "")
            if file.state != ImportState.IMPORTING:
                return file
            if job is not None and job.state in STOPPED:
                raise JobStoppedError
            sleep(_LOOK_EVERY_SECONDS)


@contextmanager
def _shown_on(output: TextIOBase) -> Iterator[Show]:
    if not output.isatty():
        lines = NewLines(output)
        yield lambda file, warning: lines.say(progress(file), warning)
        return
    # On the process's error stream: a bar redraws its line, which Django's wrappers of output would break.
    with tqdm(desc="importing", unit=" lines", file=sys.stderr) as bar:

        def show(file: MeasurementImport, warning: str) -> None:
            bar.total = file.lines
            bar.update(file.done - bar.n)
            bar.set_postfix_str(warning)

        yield show
