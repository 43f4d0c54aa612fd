"""What a person may do with a roster: in which state, and what is said before it is done."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from uuid import UUID

from django.contrib.auth.models import AbstractBaseUser

from clinical_engine.staff.reasons import Question
from patients.admin.rosters.cells import counted
from patients.models import Roster, RosterState
from patients.models.rosters import MOVING
from patients.rosters import services

SEEN = "extra"
"""The field with how many patients would become inactive, as the page that asked had it."""


@dataclass(frozen=True, slots=True)
class Step:
    """Something that is done with a reason: its button, what is said before, and the service."""

    title: str
    explanation: Callable[[Roster], str]
    act: Callable[[AbstractBaseUser, UUID, str, str], None]
    """With who does it, the roster's id, the reason, and what was seen when it was asked."""

    def question(self, roster: Roster, back: str) -> Question:
        """What is asked."""
        return Question(
            f"{self.title}: {roster.submitter.name}",
            self.explanation(roster),
            self.title,
            back,
            {SEEN: [str(roster.extra)]},
        )


def offered(roster: Roster) -> Iterator[str]:
    """The names of the buttons on its page."""
    if roster.state == RosterState.HELD:
        yield "confirm"
    if roster.state in (*MOVING, RosterState.HELD):
        yield "cancel"
    if roster.is_last and roster.drift:
        yield "drifting"


def _before_confirming(roster: Roster) -> str:
    return (
        f"The guard holds it: {roster.held_because} To be made active with the submitter: {counted(roster.missing, 'patient')};"
        f" inactive: {counted(roster.extra, 'patient')}. It is compared once more before: a statement that came in since counts,"
        " and if more patients would become inactive by then, the guard holds it again."
    )


def _before_cancelling(roster: Roster) -> str:
    return f"It goes no further. What it has linked and unlinked so far stands: {counted(roster.done, 'patient')}."


def _confirm(actor: AbstractBaseUser, roster_id: UUID, reason: str, seen: str) -> None:
    # What is no number was never shown, and fits none.
    extra = int(seen) if seen.isdecimal() else -1
    services.confirm(actor=actor, roster_id=roster_id, reason=reason, extra=extra)


def _cancel(actor: AbstractBaseUser, roster_id: UUID, reason: str, seen: str) -> None:
    del seen
    services.cancel(actor=actor, roster_id=roster_id, reason=reason)


STEPS: Mapping[str, Step] = {
    "confirm": Step("Confirm", _before_confirming, _confirm),
    "cancel": Step("Cancel the roster", _before_cancelling, _cancel),
}
