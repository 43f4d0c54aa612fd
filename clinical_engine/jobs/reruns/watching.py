"""Watching a bulk rerun from a shell."""

from io import TextIOBase
from time import sleep
from uuid import UUID

from clinical_engine.common.saying import joined, shown_on
from clinical_engine.jobs.reruns.judging import MOVING
from clinical_engine.jobs.reruns.progress import Progress, progress_of
from clinical_engine.jobs.reruns.report import line

_LOOK_EVERY_SECONDS = 1.0
_STALLED = "no step for a minute: are the workers running?"


class NoSuchRerunError(LookupError):
    """There is no rerun of that id."""


def watch(rerun_id: UUID, output: TextIOBase) -> Progress:
    """Show a rerun's progress until it goes on no more, paused ones among them; how it stands then. Raises NoSuchRerunError."""
    with shown_on(output, "running again", "jobs") as show:
        while True:
            progress = progress_of(rerun_id)
            if progress is None:
                raise NoSuchRerunError
            warning = _STALLED if progress.is_stalled else ""
            show(
                joined(line(progress), warning),
                progress.settled,
                progress.rerun.total,
                joined(_beside_the_bar(progress), warning),
            )
            if progress.rerun.state not in MOVING:
                return progress
            sleep(_LOOK_EVERY_SECONDS)


def _beside_the_bar(progress: Progress) -> str:
    rerun = progress.rerun
    return f"{rerun.get_state_display().lower()}, {rerun.failed:,} failed again, {rerun.skipped:,} left alone"
