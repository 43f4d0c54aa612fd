"""What becomes of the links of a patient with one submitter: those that stand in the table now, beside those that will."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.safestring import SafeString

from clinical_engine.staff.cells import Tone, badge
from patients.periods import Period

_NOTHING = "Nothing changes: the periods already say so, or a statement at the same time or later does."
_ONLY_WAITING = (
    "Nothing changes but what waits already: statements were accepted whose jobs have not run yet."
)
_ALSO_WAITING = "Part of it waits already: statements were accepted whose jobs have not run yet."


@dataclass(frozen=True, slots=True)
class Prospect:
    """Periods with one submitter, each in order."""

    present: Sequence[Period]
    """In the table now."""
    due: Sequence[Period]
    """What the fulfilled statements say, so that the table should show it now."""
    accepted: Sequence[Period]
    """What all accepted statements say."""
    wanted: Sequence[Period]
    """What they say together with what is about to be stated: the table once its job has run."""

    def changes(self) -> list[tuple[Period, SafeString]]:
        """The periods that will be others, the latest first, and what happens to each."""
        old, new, due = map(_by_beginning, (self.present, self.wanted, self.due))
        return [
            (new.get(begins) or old[begins], _what(old.get(begins), new.get(begins), due.get(begins)))
            for begins in sorted({*old, *new}, reverse=True)
            if old.get(begins) != new.get(begins)
        ]

    def sentences(self) -> Iterator[str]:
        """Whether anything changes, what waits anyway, and in what the table is not as it should be."""
        repairs = list(self._repairs())
        waits = self.accepted != self.due
        if self.present == self.wanted:
            yield _NOTHING
        elif waits:
            yield _ONLY_WAITING if self.accepted == self.wanted and not repairs else _ALSO_WAITING
        yield from repairs

    def _repairs(self) -> Iterator[str]:
        old, due, said, new = map(_by_beginning, (self.present, self.due, self.accepted, self.wanted))
        lost = due.keys() - old.keys()
        yield from _restored(len(lost & new.keys()))
        yield from _not_restored(len(lost - new.keys()))
        # A job that runs between the reading of the statements and of the table shows what the waiting ones say.
        wrong = {begins for begins in old if old[begins] not in (due.get(begins), said.get(begins))}
        known = due.keys() | said.keys()
        yield from _removed(len(wrong - known - new.keys()))
        yield from _put_right(sum(1 for begins in wrong & known & new.keys() if old[begins] != new[begins]))


def _by_beginning(periods: Sequence[Period]) -> dict[datetime, Period]:
    return {period.begins: period for period in periods}


def _what(old: Period | None, new: Period | None, due: Period | None) -> SafeString:
    if old is None:
        return badge("Restored" if due else "Begins", Tone.GOOD)
    if new is None:
        return badge("Goes" if due else "Removed", Tone.BAD)
    if new == due:
        return badge("End put right", Tone.GOOD)
    return _moved_end(old.ends, new.ends)


def _moved_end(old: datetime | None, new: datetime | None) -> SafeString:
    if new is None:
        return badge("Lasts again", Tone.GOOD)
    return badge("Ends", Tone.WAITING) if old is None else badge("Ends at another time", Tone.WAITING)


def _restored(number: int) -> Iterator[str]:
    if number == 1:
        yield "A link is missing now: its statement is fulfilled, but the link was lost. Confirming restores it."
    elif number:
        yield (
            f"{number:,} links are missing now: their statements are fulfilled, but the links were lost. "
            "Confirming restores them."
        )


def _not_restored(number: int) -> Iterator[str]:
    if number == 1:
        yield (
            "A link is missing now: its statement is fulfilled, but the link was lost. It is not restored as it was: "
            "from then on, the periods are others."
        )
    elif number:
        yield (
            f"{number:,} links are missing now: their statements are fulfilled, but the links were lost. They are not "
            "restored as they were: from then on, the periods are others."
        )


def _removed(number: int) -> Iterator[str]:
    if number == 1:
        yield "A link is there now that no statement speaks of. Confirming removes it."
    elif number:
        yield f"{number:,} links are there now that no statement speaks of. Confirming removes them."


def _put_right(number: int) -> Iterator[str]:
    if number == 1:
        yield "A link does not end now when the statements say. Confirming puts it right."
    elif number:
        yield f"{number:,} links do not end now when the statements say. Confirming puts them right."
