"""How rosters look in tables and on their own page."""

from collections.abc import Iterator, Mapping, Sequence

from django.utils.safestring import SafeString

from clinical_engine.jobs import selectors as jobs
from clinical_engine.jobs.states import FAILED, JobState
from clinical_engine.staff.cells import NOTHING, Tone, badge
from patients.models import Roster, RosterState
from patients.models.rosters import MOVING

_TONES = {
    RosterState.HELD: Tone.BAD,
    RosterState.COMPARING: Tone.WAITING,
    RosterState.APPLYING: Tone.WAITING,
    RosterState.APPLIED: Tone.GOOD,
}
# What the comparison counts, what becomes of those it counts, and whether a person should look.
_FOUND: Sequence[tuple[str, str, str]] = (
    ("in_order", "Listed and linked", "in order; nothing is changed"),
    ("other_since", "of these, linked since another time than listed", "nothing is changed"),
    ("missing", "Missing here: listed and not linked", "become active as listed"),
    (
        "reactivated",
        "of these, stated inactive later than the list has them active",
        "become active as of the list's own time",
    ),
    ("extra", "Extra here: linked and not listed", "become inactive as of the list's time"),
    ("newer", "Different, but a statement is later than the list", "left alone: the statement counts"),
    ("unclear", "Listed without one readable time, and not linked", "left alone: the problems tell why"),
    ("repeated", "Listed more than once with the same time", "counted once"),
    ("contradictory", "Listed more than once with different times", "left alone if not linked"),
)


def roster_badge(roster: Roster) -> SafeString:
    """The state, red where it goes on only when a person acts."""
    return badge(roster.get_state_display(), _TONES.get(RosterState(roster.state), Tone.PLAIN))


def dry_run_text(roster: Roster) -> str:
    """Whether it is compared only."""
    return "Yes" if roster.dry_run else "No"


def compared(roster: Roster, count: int) -> str:
    """A count that is known once the roster has been compared."""
    return NOTHING if roster.compared_at is None else f"{count:,}"


def drift_badge(roster: Roster) -> SafeString | str:
    """How many are active by a submitter's last list and not linked here, when it was compared last."""
    if not roster.is_last or roster.drift is None:
        return NOTHING
    return drift_text(roster.drift)


def drift_text(drift: int) -> SafeString:
    """A number of patients who drift, red unless it is none."""
    return badge(f"{drift:,}", Tone.BAD if drift else Tone.GOOD)


def per_cent(roster: Roster) -> int:
    """Of the patients to be linked or unlinked, those that are; 100 only when it is all of them."""
    return roster.done * 100 // roster.to_do if roster.to_do else 100


def summary(roster: Roster) -> str:
    """How far it has come."""
    if roster.compared_at is None:
        return f"{counted(roster.lines, 'line')}, not compared yet"
    if roster.to_do == 0:
        return "No patient is to be linked or unlinked"
    if roster.dry_run:
        return f"{roster.to_do:,} would be linked or unlinked"
    return f"{roster.done:,} of {counted(roster.to_do, 'patient')} linked or unlinked, {per_cent(roster)} %"


def standing(roster: Roster) -> Iterator[str]:
    """What a person should know beside the numbers, one sentence each. One query while its job should be at work."""
    if roster.state == RosterState.HELD:
        yield f"The guard holds it: {roster.held_because}"
        yield "Nothing is linked or unlinked until somebody confirms or cancels it, or a newer list arrives."
    if roster.state == RosterState.CANCELLED and roster.done:
        yield "What it had linked and unlinked before it was cancelled stands."
    if roster.state == RosterState.SUPERSEDED:
        yield "A newer list arrived while this one waited for a person."
    if roster.confirmed_by:
        yield f"Confirmed by {roster.confirmed_by.get_username()}."
    if roster.state in MOVING and (trouble := _trouble(roster)):
        yield trouble


def _trouble(roster: Roster) -> str:
    state = jobs.jobs().filter(pk=roster.job_id).values_list("state", flat=True).first()
    if state is None:
        return "Its job is gone: cancel it, and send the list again."
    if state in FAILED or state == JobState.CANCELLED:
        label = JobState(state).label
        return (
            f"Its job is in the state '{label}': run that again when the cause is gone, or cancel the roster."
        )
    return ""


def numbers(roster: Roster) -> Mapping[str, str]:
    """The numbers at the head of its page, by what they count."""
    return {
        "Lines": f"{roster.lines:,}",
        "Unreadable lines": f"{roster.unreadable:,}",
        "Linked before": compared(roster, roster.linked_before),
        "In order": compared(roster, roster.in_order),
        "Missing here": compared(roster, roster.missing),
        "Extra here": compared(roster, roster.extra),
    }


def found(roster: Roster) -> Mapping[str, object]:
    """All that the comparison counted, in words."""
    rows = [(f"{count:,}", what, fate) for name, what, fate in _FOUND if (count := getattr(roster, name))]
    empty = "Nobody is listed, and nobody is linked." if roster.compared_at else "Not compared yet."
    fate = "What would become of them" if roster.dry_run else "What becomes of them"
    return {"headers": ("Patients", "How they stand", fate), "rows": rows, "empty": empty}


def bar(roster: Roster) -> Sequence[Mapping[str, str]]:
    """The parts of the bar, in per cent."""
    if roster.compared_at is None or roster.dry_run:
        return []
    return [{"name": "good", "begins": "0", "width": str(per_cent(roster))}]


def counted(number: int, word: str) -> str:
    """A number with what it counts, in the plural where it is not one."""
    return f"{number:,} {word}{'' if number == 1 else 's'}"
