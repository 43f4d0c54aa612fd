"""Bulk reruns in plain lines, for a shell."""

from collections.abc import Iterator
from datetime import timedelta

from clinical_engine.jobs.models import Rerun
from clinical_engine.jobs.reruns.examination import Examination
from clinical_engine.jobs.reruns.limits import Limits
from clinical_engine.jobs.reruns.progress import Progress
from clinical_engine.jobs.selection import Selection
from clinical_engine.jobs.states import RerunState

_CAUSES_SHOWN = 20
# '75 s' and '80 min' say more than '1 min' and '1 h'.
_UNITS_SHOWN = 90


def dry_run(examined: Examination, limits: Limits) -> Iterator[str]:
    """What a rerun would do."""
    yield f"{examined.selection.sentence()}:"
    yield (
        f"{counted(examined.jobs)} would run again, of {examined.patients:,} patient{'' if examined.patients == 1 else 's'} "
        f"in {examined.organisations:,} organisation{'' if examined.organisations == 1 else 's'}."
    )
    for cause in examined.causes[:_CAUSES_SHOWN]:
        yield f"  {cause.jobs:>9,}  {cause.kind}  {cause.fingerprint}  {cause.error[:100]}"
    if len(examined.causes) > _CAUSES_SHOWN:
        yield f"  and {len(examined.causes) - _CAUSES_SHOWN:,} more causes"
    if examined.left_out:
        yield f"{counted(examined.left_out)} would be left out, because this release cannot read them:"
    for group in examined.unreadable:
        yield f"  {group.jobs:>9,}  {group.kind}  format {group.version}  {group.reason}"
    if examined.under_way:
        yield f"{counted(examined.under_way)} would be left out: in a rerun that is under way or paused."
    for kind in examined.resting:
        yield f"The circuit of the kind {kind} is open: its jobs wait until it closes."
    if examined.jobs:
        yield f"At {limits.rate:,} a second it takes about {shortly(examined.duration(limits))}."


def line(progress: Progress) -> str:
    """How far a rerun is."""
    rerun = progress.rerun
    parts = [
        f"{RerunState(rerun.state).label}: {progress.settled:,} of {rerun.total:,} jobs",
        f"{rerun.succeeded:,} succeeded",
        f"{rerun.failed:,} failed again",
    ]
    parts += [f"{rerun.skipped:,} left alone"] if rerun.skipped else []
    parts += [f"{rerun.in_flight:,} under way"] if rerun.in_flight else []
    parts += [f"about {shortly(progress.left)} left"] if progress.left is not None else []
    return ", ".join(parts)


def listed(rerun: Rerun) -> str:
    """A rerun in a list of them."""
    sentence = Selection.parse(rerun.filter).sentence()
    return (
        f"{rerun.pk}  {rerun.created_at:%Y-%m-%d %H:%M} UTC  {rerun.state:<9}  {rerun.ended + rerun.skipped:,}/{rerun.total:,}"
        f"  {rerun.failed:,} failed  {rerun.actor.get_username()}  {sentence}"
    )


def counted(jobs: int) -> str:
    """A number of jobs, in words."""
    return f"{jobs:,} job{'' if jobs == 1 else 's'}"


def shortly(span: timedelta) -> str:
    """A length of time as people say it: seconds, then minutes, then hours and minutes."""
    seconds = round(span.total_seconds())
    if seconds < _UNITS_SHOWN:
        return f"{max(seconds, 1)} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < _UNITS_SHOWN else f"{minutes // 60} h {minutes % 60} min"
