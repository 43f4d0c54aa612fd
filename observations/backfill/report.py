"""Backfills in plain lines, for a shell; no patient is named."""

from collections.abc import Iterator

from observations.backfill.comparing import OutputChanges
from observations.models import Backfill, BackfillState

_TRANSITIONS_SHOWN = 20
_ENDINGS = {
    BackfillState.DONE: "Done.",
    BackfillState.PAUSED: "It is paused.",
    BackfillState.CANCELLED: "It was cancelled; what it had written by then stands.",
}


def per_cent(backfill: Backfill) -> int:
    """Of the patients, those that are done; as their number is an estimate, 100 only when all is over."""
    if backfill.state == BackfillState.DONE:
        return 100
    return min(99, backfill.patients_done * 100 // backfill.patients) if backfill.patients else 0


def progress(backfill: Backfill) -> str:
    """Where a backfill stands, in a line."""
    return (
        f"{backfill.patients_done:,} of about {max(backfill.patients, backfill.patients_done):,} patients, "
        f"{per_cent(backfill)} %; {backfill.results_changed:,} results changed"
    )


def result(backfill: Backfill) -> Iterator[str]:
    """What became of the results; of a dry run, what would."""
    yield _row("patients", backfill.patients_done)
    yield _row("  with changed results", backfill.patients_changed)
    yield _row("  for whom a script failed", backfill.patients_failed)
    yield _row("results of the script", backfill.results)
    yield _row("  changed", backfill.results_changed)
    yield _row("results written, those that are made from them among them", backfill.results_written)
    yield _row("results ended without another in their place", backfill.results_ended)
    for name, stored in backfill.changes.items():
        yield from _lines_of(name, OutputChanges.stored(stored))
    if backfill.dry_run:
        yield "A dry run: nothing of this was stored."
    yield _ENDINGS.get(BackfillState(backfill.state), "It goes on.")


def spread(changes: OutputChanges) -> str:
    """By how much numbers change, in words; '' where no number does."""
    if changes.mean is None or changes.smallest is None or changes.largest is None:
        return ""
    return f"by {changes.smallest:+.6g} to {changes.largest:+.6g}, {changes.mean:+.6g} on average"


def _lines_of(name: str, changes: OutputChanges) -> Iterator[str]:
    yield _row(f"{name}: changed", changes.changed)
    yield _row("  had no value before", changes.appeared)
    yield _row("  has none any more", changes.vanished)
    if text := spread(changes):
        yield f"  {text}"
    for transition, number in changes.transitions.most_common(_TRANSITIONS_SHOWN):
        yield _row(f"  {transition}", number)


def _row(words: str, number: int) -> str:
    return f"{words:<60}{number:>12,}"
