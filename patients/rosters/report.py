"""What became of a roster in plain lines, for a shell."""

from collections.abc import Iterator

from patients.models import Roster, RosterState

_PROBLEMS_SHOWN = 20
_ENDINGS = {
    RosterState.APPLIED: "Applied.",
    RosterState.COMPARED: "Compared only: this was a dry run, nothing was changed.",
    RosterState.CANCELLED: "It was cancelled; what had been linked and unlinked by then stands.",
    RosterState.SUPERSEDED: "A newer roster came in its place.",
}


def received(roster: Roster) -> str:
    """What was read."""
    return f"Read {roster.lines:,} lines, {roster.unreadable:,} of them unreadable; roster {roster.pk}."


def progress(roster: Roster) -> str:
    """Where a roster stands, in a line."""
    if roster.state == RosterState.APPLYING:
        return f"{roster.done:,} of {roster.to_do:,} patients linked or unlinked"
    return roster.get_state_display()


def result(roster: Roster) -> Iterator[str]:
    """How a roster that goes on no more differed, and what was done about it."""
    if roster.compared_at is not None:
        yield from _table(roster)
    for problem in roster.problems[:_PROBLEMS_SHOWN]:
        yield f"line {problem['line']:,}: {problem['field']}: {problem['message']}"
    if len(roster.problems) > _PROBLEMS_SHOWN:
        yield "and more lines; the page of the roster in the admin shows the first hundred."
    if roster.state == RosterState.COMPARED and roster.held_because:
        yield f"It would be held for a person: {roster.held_because}"
    yield (
        f"Held: {roster.held_because}"
        if roster.state == RosterState.HELD
        else _ENDINGS[RosterState(roster.state)]
    )


def _table(roster: Roster) -> Iterator[str]:
    yield _row("lines", roster.lines)
    yield _row("  unreadable", roster.unreadable)
    yield _row("  repeated", roster.repeated)
    yield _row("  contradictory", roster.contradictory)
    yield _row("patients linked before", roster.linked_before)
    yield _row("  in order", roster.in_order)
    yield _row("    linked since another time", roster.other_since)
    yield _row("  extra here", roster.extra)
    yield _row("patients missing here", roster.missing)
    yield _row("    active again as of then", roster.reactivated)
    yield _row("left alone: newer here", roster.newer)
    yield _row("left alone: unclear", roster.unclear)
    yield _row("linked or unlinked now", roster.done)


def _row(words: str, number: int) -> str:
    return f"{words:<32}{number:>12,}"
