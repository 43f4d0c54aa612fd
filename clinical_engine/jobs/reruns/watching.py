"""Watching a bulk rerun from a shell: a bar on a terminal, plain lines elsewhere."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import TextIOBase
from time import sleep
from uuid import UUID

from tqdm import tqdm

from clinical_engine.jobs.reruns.judging import MOVING
from clinical_engine.jobs.reruns.progress import Progress, progress_of
from clinical_engine.jobs.reruns.report import line

_LOOK_EVERY_SECONDS = 1.0
Show = Callable[[Progress], None]


class NoSuchRerunError(LookupError):
    """There is no rerun of that id."""


def watch(rerun_id: UUID, output: TextIOBase) -> Progress:
    """Show a rerun's progress until it goes on no more, paused ones among them; how it stands then. Raises NoSuchRerunError."""
    with _shown_on(output) as show:
        while True:
            progress = progress_of(rerun_id)
            if progress is None:
                raise NoSuchRerunError
            show(progress)
            if progress.rerun.state not in MOVING:
                return progress
            sleep(_LOOK_EVERY_SECONDS)


@contextmanager
def _shown_on(output: TextIOBase) -> Iterator[Show]:
    if not output.isatty():
        yield _LinesOn(output)
        return
    # On the process's error stream: a bar redraws its line, which Django's wrappers of output would break.
    with tqdm(desc="running again", unit=" jobs", file=sys.stderr) as bar:

        def show(progress: Progress) -> None:
            bar.total = progress.rerun.total
            bar.update(progress.settled - bar.n)
            bar.set_postfix_str(_beside_the_bar(progress))

        yield show


class _LinesOn:
    """Writes a line whenever there is something new to say."""

    def __init__(self, output: TextIOBase) -> None:
        self.output, self.last = output, ""

    def __call__(self, progress: Progress) -> None:
        text = f"{line(progress)}{_warning(progress)}"
        if text != self.last:
            self.output.write(f"{text}\n")
            self.last = text


def _beside_the_bar(progress: Progress) -> str:
    rerun = progress.rerun
    return f"{rerun.get_state_display().lower()}, {rerun.failed:,} failed again, {rerun.skipped:,} left alone{_warning(progress)}"


def _warning(progress: Progress) -> str:
    return "; no step for a minute: are the workers running?" if progress.is_stalled else ""
