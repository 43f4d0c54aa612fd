"""How imports look in tables and on their own page."""

from collections.abc import Iterator, Mapping, Sequence

from django.utils.safestring import SafeString

from clinical_engine.jobs import selectors as jobs
from clinical_engine.jobs.states import FAILED, JobState
from clinical_engine.staff.cells import Tone, badge
from observations.importing.probes import stalled
from observations.models import ImportState, MeasurementImport

_TONES = {ImportState.IMPORTING: Tone.WAITING, ImportState.IMPORTED: Tone.GOOD}


def state_badge(file: MeasurementImport) -> SafeString:
    """How far it has come."""
    return badge(file.get_state_display(), _TONES.get(ImportState(file.state), Tone.PLAIN))


def not_taken(file: MeasurementImport) -> SafeString | str:
    """How many lines were refused or are in conflict, red unless it is none."""
    number = file.refused + file.conflict
    return badge(f"{number:,}", Tone.BAD) if number else "0"


def per_cent(file: MeasurementImport) -> int:
    """Of the lines, those that have their answer; 100 only when it is all of them."""
    return file.done * 100 // file.lines if file.lines else 100


def summary(file: MeasurementImport) -> str:
    """How far it has come, in words."""
    return f"{file.done:,} of {file.lines:,} lines answered, {per_cent(file)} %"


def standing(file: MeasurementImport) -> Iterator[str]:
    """What a person should know beside the numbers, one sentence each. Two queries while its job should be at work."""
    if file.dry_run:
        yield "A dry run: every line is answered as if it were imported, and nothing is stored."
    if file.state == ImportState.CANCELLED and not file.dry_run:
        yield "What it had stored before it was cancelled stands."
    if file.state == ImportState.IMPORTING and (trouble := _trouble(file)):
        yield trouble


def _trouble(file: MeasurementImport) -> str:
    state = jobs.jobs().filter(pk=file.job_id).values_list("state", flat=True).first()
    if state is None:
        return "Its job is gone: cancel it, and send the file again."
    if state in FAILED or state == JobState.CANCELLED:
        label = JobState(state).label
        return (
            f"Its job is in the state '{label}': run that again when the cause is gone, or cancel the import."
        )
    if stalled().filter(pk=file.pk).exists():
        return "No line was answered for ten minutes. Its job says why; are workers on the queue 'reruns' running?"
    return ""


def numbers(file: MeasurementImport) -> Mapping[str, str]:
    """The numbers at the head of its page, by what they count."""
    return {
        "Accepted": f"{file.accepted:,}",
        "Held": f"{file.held:,}",
        "Duplicates": f"{file.duplicate:,}",
        "In conflict": f"{file.conflict:,}",
        "Refused": f"{file.refused:,}",
        "Flagged as implausible": f"{file.implausible:,}",
    }


def bar(file: MeasurementImport) -> Sequence[Mapping[str, str]]:
    """The parts of the bar, in per cent."""
    return [{"name": "good", "begins": "0", "width": str(per_cent(file))}]
