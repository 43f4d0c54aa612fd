"""The design of statements, associations and rosters once more, in plain Python and in memory: the engine is held against it.

Times are minutes, patients external ids, submitters numbers; nothing here comes from the engine.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

MOVING, ENDED = ("comparing", "applying"), ("applied", "compared", "cancelled", "superseded")
Pair = tuple[str, int]
Stretch = tuple[int, int | None]


class Word(NamedTuple):
    """A statement about a pair; they count in the order of (minute, client id)."""

    minute: int
    client_id: str
    active: bool
    by_roster: bool = False


class Change(NamedTuple):
    """What a roster is to state."""

    patient: str
    active: bool
    minute: int
    reactivates: bool = False


@dataclass
class PlainRoster:
    """A roster, and what came of it."""

    number: int
    submitter: int
    as_of: int
    lines: Sequence[tuple[str, int | None]]
    unnamed: int = 0
    dry_run: bool = False
    state: str = "comparing"
    counts: Counter[str] = field(default_factory=Counter)
    changes: list[Change] = field(default_factory=list)
    done: int = 0
    confirmed_extra: int | None = None
    is_last: bool = False


def stretches(words: Iterable[Word]) -> list[Stretch]:
    """When a patient is associated: from each word that says something new, if it says active, until the next that does."""
    turns: list[Word] = []
    for word in sorted(words):
        if word.active != (bool(turns) and turns[-1].active):
            turns.append(word)
    ends = [*(turn.minute for turn in turns[1:]), None]
    found = [(turn.minute, end) for turn, end in zip(turns, ends, strict=False) if turn.active]
    return [(begin, end) for begin, end in found if begin != end]


class Plain:
    """All that is known and shown at a moment."""

    def __init__(self, share: float, slice_: int) -> None:
        self.share, self.slice = share, slice_
        self.words: dict[Pair, list[Word]] = defaultdict(list)
        self.shown: dict[Pair, list[Stretch]] = {}
        self.waiting: dict[str, str] = {}
        """The patient of each statement that is not fulfilled, by its client id."""
        self.known: list[str] = []
        """The patients in the order in which they became known."""
        self.rosters: list[PlainRoster] = []

    def know(self, patients: Iterable[str]) -> None:
        self.known += sorted({*patients} - {*self.known})

    def say(self, patient: str, submitter: int, word: Word) -> None:
        """A statement is accepted."""
        self.know([patient])
        self.words[patient, submitter].append(word)
        self.waiting[word.client_id] = patient

    def fold(self, patient: str) -> None:
        """All of a patient's pairs are brought in line at once."""
        for pair in [pair for pair in self.words if pair[0] == patient]:
            self.shown[pair] = stretches(self.words[pair])
        self.waiting = {client_id: of for client_id, of in self.waiting.items() if of != patient}

    def refusal(self, submitter: int, as_of: int, *, dry_run: bool) -> str | None:
        """Why a roster is not taken."""
        earlier = [roster for roster in self.rosters if roster.submitter == submitter and not roster.dry_run]
        if any(roster.state == "applied" and roster.as_of > as_of for roster in earlier):
            return "older_roster"
        if dry_run:
            return None
        if any(roster.state in MOVING for roster in earlier):
            return "roster_under_way"
        if any(roster.state == "held" and roster.as_of > as_of for roster in earlier):
            return "older_roster"
        return None

    def take(self, roster: PlainRoster) -> None:
        """A roster that is not refused comes in; one that waits for a person gives way to it."""
        for earlier in self.rosters:
            if not roster.dry_run and earlier.submitter == roster.submitter and earlier.state == "held":
                earlier.state = "superseded"
        roster.counts["lines"] = len(roster.lines) + roster.unnamed
        roster.counts["unnamed"] = roster.unnamed
        roster.counts["unreadable"] = roster.unnamed + sum(minute is None for _, minute in roster.lines)
        self.rosters.append(roster)

    def step(self, roster: PlainRoster) -> None:
        """A roster's job does its next slice."""
        if roster.state == "comparing":
            self._compare(roster)
        elif roster.state == "applying":
            self._apply(roster)

    def confirm(self, roster: PlainRoster) -> None:
        roster.state, roster.confirmed_extra = "comparing", roster.counts["extra"]

    def drift(self, roster: PlainRoster) -> int:
        """How many are active by the roster and not linked now, as far as nothing newer is said of them."""
        return sum(verdict in {"missing", "unclear"} for verdict in self.verdicts(roster).values())

    def linked_to(self, submitter: int) -> dict[str, int]:
        """Who is linked now, and since when."""
        return {
            patient: begin
            for (patient, with_), shown in self.shown.items()
            for begin, end in shown
            if with_ == submitter and end is None
        }

    def verdicts(self, roster: PlainRoster) -> dict[str, str]:
        """What a roster's comparison finds of everyone who is listed or linked."""
        linked, times = self.linked_to(roster.submitter), _times(roster)
        return {patient: self._verdict(roster, patient, linked, times) for patient in {*linked, *times}}

    def _verdict(
        self, roster: PlainRoster, patient: str, linked: dict[str, int], times: dict[str, list[int | None]]
    ) -> str:
        if patient in linked and patient in times:
            return "in_order"
        if self._is_newer(roster, patient):
            return "newer"
        if patient in linked:
            return "extra"
        return "missing" if len({*times[patient]}) == 1 and None not in times[patient] else "unclear"

    def _is_newer(self, roster: PlainRoster, patient: str) -> bool:
        """Said later than `as_of`, or at that very instant by somebody else than a roster."""
        return any(
            word.minute > roster.as_of or (word.minute == roster.as_of and not word.by_roster)
            for word in self.words[patient, roster.submitter]
        )

    def _compare(self, roster: PlainRoster) -> None:
        verdicts, times = self.verdicts(roster), _times(roster)
        linked = self.linked_to(roster.submitter)
        roster.changes = [
            self._change(roster, patient, verdict, times)
            for patient, verdict in sorted(verdicts.items(), key=lambda item: self._position(item[0]))
            if verdict in {"missing", "extra"}
        ]
        kept = {name: roster.counts[name] for name in ("lines", "unreadable", "unnamed")}
        roster.counts = Counter(kept) + Counter(verdicts.values())
        readable = {patient: {*minutes} - {None} for patient, minutes in times.items()}
        roster.counts["linked_before"] = len(linked)
        roster.counts["other_since"] = sum(
            patient in linked
            and bool(minutes)
            and min(minute for minute in minutes if minute is not None) != linked[patient]
            for patient, minutes in readable.items()
        )
        roster.counts["reactivated"] = sum(change.reactivates for change in roster.changes)
        roster.counts["contradictory"] = sum(len(minutes) > 1 for minutes in readable.values())
        roster.counts["repeated"] = sum(
            len(times[patient]) > 1 and len(minutes) == 1 for patient, minutes in readable.items()
        )
        self._go_on(roster)

    def _go_on(self, roster: PlainRoster) -> None:
        if roster.dry_run:
            roster.state = "compared"
        else:
            roster.state = "held" if self._is_held(roster) else "applying"

    def _is_held(self, roster: PlainRoster) -> bool:
        extra = roster.counts["extra"]
        if roster.confirmed_extra is not None and extra <= roster.confirmed_extra:
            return False
        if roster.counts["lines"] == 0:
            return True
        too_many = extra > self.share * roster.counts["linked_before"]
        return extra > 0 and (too_many or roster.unnamed > 0)

    def _change(
        self, roster: PlainRoster, patient: str, verdict: str, times: dict[str, list[int | None]]
    ) -> Change:
        if verdict == "extra":
            return Change(patient, active=False, minute=roster.as_of)
        [since] = {minute for minute in times[patient] if minute is not None}
        left = any(word.minute >= since and not word.active for word in self.words[patient, roster.submitter])
        return Change(patient, active=True, minute=roster.as_of if left else since, reactivates=left)

    def _position(self, patient: str) -> tuple[int, str]:
        return (self.known.index(patient) if patient in self.known else len(self.known), patient)

    def _apply(self, roster: PlainRoster) -> None:
        slice_ = roster.changes[roster.done : roster.done + self.slice]
        self.know(change.patient for change in slice_)
        for change in slice_:
            self._settle(roster, change)
        roster.done += len(slice_)
        if roster.done == len(roster.changes):
            roster.state = "applied"
            for other in self.rosters:
                other.is_last = other is roster or (other.is_last and other.submitter != roster.submitter)

    def _settle(self, roster: PlainRoster, change: Change) -> None:
        words = self.words[change.patient, roster.submitter]
        spoken_of = bool(words) or not change.active
        if self._is_newer(roster, change.patient):
            roster.counts["newer"] += 1
        else:
            client_id = f"roster {roster.number:04}"
            words.append(Word(change.minute, client_id, change.active, by_roster=True))
        if spoken_of:
            self.fold(change.patient)
        else:
            self.shown[change.patient, roster.submitter] = stretches(words)


def _times(roster: PlainRoster) -> dict[str, list[int | None]]:
    times: dict[str, list[int | None]] = defaultdict(list)
    for patient, minute in roster.lines:
        times[patient].append(minute)
    return times
