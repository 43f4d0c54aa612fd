"""How bulk reruns look in tables and on their own page."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from django.utils.safestring import SafeString

from clinical_engine.jobs.reruns.progress import FailedCause, Progress
from clinical_engine.jobs.reruns.report import shortly
from clinical_engine.jobs.selection import Selection, SelectionError
from clinical_engine.jobs.states import ItemOutcome, JobState, RerunState
from clinical_engine.staff.cells import NOTHING, Tone, badge, link, list_url, page_of

if TYPE_CHECKING:
    from clinical_engine.jobs.models import Rerun, RerunItem

_STATE_TONES = {
    RerunState.CANARY: Tone.WAITING,
    RerunState.RUNNING: Tone.WAITING,
    RerunState.PAUSED: Tone.BAD,
    RerunState.CANCELLED: Tone.PLAIN,
    RerunState.FINISHED: Tone.GOOD,
}
_OUTCOME_TONES = {
    ItemOutcome.RUNNING: Tone.WAITING,
    ItemOutcome.SUCCEEDED: Tone.GOOD,
    ItemOutcome.FAILED: Tone.BAD,
}
CAUSE_HEADERS = ("Cause", "Jobs", "Error")


def rerun_badge(rerun: "Rerun") -> SafeString:
    """The state, red where it goes on only when a person acts, or where all is over and something failed again."""
    if rerun.state == RerunState.FINISHED and rerun.failed:
        return badge(f"Finished, {rerun.failed:,} failed again", Tone.BAD)
    return badge(rerun.get_state_display(), _STATE_TONES[RerunState(rerun.state)])


def outcome_badge(item: "RerunItem") -> SafeString:
    """What became of one job."""
    return badge(item.get_outcome_display(), _OUTCOME_TONES.get(ItemOutcome(item.outcome), Tone.PLAIN))


def filter_text(rerun: "Rerun") -> str:
    """What the jobs were chosen by, in words; as it is stored where this release has no such filter any more."""
    try:
        return Selection.parse(rerun.filter).sentence()
    except SelectionError:
        return ", ".join(f"{name} {value}" for name, value in rerun.filter.items())


def jobs_of_cause(fingerprint: str) -> SafeString:
    """Leads to the jobs that failed for a cause."""
    if not fingerprint:
        return badge("Unknown")
    return link(list_url("admin:jobs_job_changelist", fingerprint=fingerprint, state="failed"), fingerprint)


def numbers(progress: Progress) -> Mapping[str, str]:
    """The numbers of a rerun, by what they count."""
    rerun = progress.rerun
    rate = NOTHING if progress.rate is None else f"{progress.rate:,.1f} a second"
    return {
        "Succeeded": f"{rerun.succeeded:,}",
        "Failed again": f"{rerun.failed:,}",
        "Left alone": f"{rerun.skipped:,}",
        "Under way": f"{rerun.in_flight:,}",
        "Not set going": f"{progress.waiting:,}",
        "Rate reached": rate,
        "Time left": NOTHING if progress.left is None else f"about {shortly(progress.left)}",
    }


def bar(progress: Progress) -> Sequence[Mapping[str, object]]:
    """The parts of the bar: what each is, where it begins and how wide it is, in per cent of all jobs."""
    rerun, parts, begins = progress.rerun, [], 0.0
    counted = {
        "good": rerun.succeeded,
        "bad": rerun.failed,
        "plain": rerun.skipped,
        "waiting": rerun.in_flight,
    }
    for name, jobs in counted.items():
        width = jobs * 100 / rerun.total
        # As texts: a template would write numbers as the reader's language does, and a drawing takes none but points.
        parts.append({"name": name, "begins": f"{begins:.3f}", "width": f"{width:.3f}"})
        begins += width
    return parts


def standing(progress: Progress, driver: JobState | None, resting: Sequence[str]) -> Sequence[str]:
    """What a person should know beside the numbers, one sentence each.

    `driver` is the state of the job that drives it, `resting` the kinds of jobs under way whose circuit is open.
    """
    rerun, sentences = progress.rerun, []
    if rerun.state == RerunState.CANARY:
        sentences.append(
            f"The first {min(rerun.canary, rerun.total):,} jobs are tried before the others are set going."
        )
    if rerun.state == RerunState.PAUSED:
        sentences.append(f"Paused: {rerun.paused_because}")
    if rerun.state == RerunState.CANCELLED:
        sentences.append(f"{progress.waiting:,} jobs stay as they were.")
    sentences += [
        f"The circuit of the kind {kind} is open: its jobs wait until it closes." for kind in resting
    ]
    if progress.is_stalled:
        state = "is gone" if driver is None else f"is in the state '{driver.label}'"
        sentences.append(
            f"No step for more than a minute: are the workers running? The job that drives it {state}; "
            "if that job failed, pause and resume."
        )
    return sentences


def causes_table(causes: Sequence[FailedCause]) -> Mapping[str, object]:
    """What failed again, as a table."""
    rows = [(jobs_of_cause(cause.fingerprint), f"{cause.jobs:,}", cause.error) for cause in causes]
    return {"headers": CAUSE_HEADERS, "rows": rows, "empty": "Nothing has failed again."}


def page_link(rerun: "Rerun", text: object) -> SafeString:
    """Leads to a rerun's page."""
    return page_of("admin:jobs_rerun_change", rerun.pk, text)
