"""How backfills look in tables and on their own page."""

from collections.abc import Iterator, Mapping, Sequence

from django.utils.safestring import SafeString

from clinical_engine.jobs import selectors as jobs
from clinical_engine.jobs.states import STOPPED, JobState
from clinical_engine.staff.cells import Tone, badge, moment_text
from observations.backfill.report import per_cent
from observations.models import Backfill, BackfillState

_TONES = {
    BackfillState.RUNNING: Tone.WAITING,
    BackfillState.PAUSED: Tone.BAD,
    BackfillState.DONE: Tone.GOOD,
}


def state_badge(backfill: Backfill) -> SafeString:
    """How far it has come."""
    return badge(backfill.get_state_display(), _TONES.get(BackfillState(backfill.state), Tone.PLAIN))


def kind(backfill: Backfill) -> str:
    """Whether it stores anything, in words."""
    if backfill.candidate is not None:
        state = "draft" if backfill.candidate.published_at is None else "published before"
        return f"Comparison with v{backfill.candidate.number} ({state})"
    return "Dry run" if backfill.dry_run else "Backfill"


def scope(backfill: Backfill) -> str:
    """Whose results."""
    return "all organisations" if backfill.organisation is None else backfill.organisation.name


def period(backfill: Backfill) -> str:
    """As of which times: in the organisation's zone, for all of them in UTC."""
    zone = None if backfill.organisation is None else backfill.organisation.zone
    since = moment_text(backfill.since, zone)
    return f"since {since}" if backfill.until is None else f"{since} to {moment_text(backfill.until, zone)}"


def summary(backfill: Backfill) -> str:
    """How far it has come, in words."""
    about = max(backfill.patients, backfill.patients_done)
    of = "" if backfill.state == BackfillState.DONE else f" of about {about:,}"
    return f"{backfill.patients_done:,}{of} patients, {per_cent(backfill)} %"


def standing(backfill: Backfill) -> Iterator[str]:
    """What a person should know beside the numbers, one sentence each. One query while its job should be at work."""
    if backfill.candidate is not None:
        yield (
            f"What would change if v{backfill.candidate.number} were published for all organisations and in force since the"
            " beginning of the period. Nothing is stored; an organisation with a pinned version keeps it."
        )
    elif backfill.dry_run:
        yield "A dry run: it tells what would change by what is published now, and stores nothing."
    if backfill.state == BackfillState.CANCELLED and not backfill.dry_run:
        yield "What it had written before it was cancelled stands."
    if backfill.patients_failed:
        yield "A script fails for some patients: they have no result there. The version's page shows for whom."
    if backfill.state == BackfillState.RUNNING and (trouble := _trouble(backfill)):
        yield trouble


def _trouble(backfill: Backfill) -> str:
    state = jobs.jobs().filter(pk=backfill.job_id).values_list("state", flat=True).first()
    if state is None:
        return "Its job is gone: pause and resume it."
    if state in STOPPED:
        return (
            f"Its job is in the state '{JobState(state).label}': when the cause is gone, pause and resume it."
        )
    return ""


def numbers(backfill: Backfill) -> Mapping[str, str]:
    """The numbers at the head of its page, by what they count."""
    return {
        "Results looked at": f"{backfill.results:,}",
        "Would change" if backfill.dry_run else "Changed": f"{backfill.results_changed:,}",
        "Patients with changes": f"{backfill.patients_changed:,}",
        "Would be written" if backfill.dry_run else "Written": f"{backfill.results_written:,}",
        "Would end" if backfill.dry_run else "Ended": f"{backfill.results_ended:,}",
        "Patients with a failing script": f"{backfill.patients_failed:,}",
    }


def bar(backfill: Backfill) -> Sequence[Mapping[str, str]]:
    """The parts of the bar, in per cent."""
    return [{"name": "good", "begins": "0", "width": str(per_cent(backfill))}]
