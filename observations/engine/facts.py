"""What is sure of the names of a script at a place in it: which have a value, and of which kind."""

from collections.abc import Sequence
from typing import NamedTuple, TypeAlias

from observations.engine.code import NO_SLOT
from observations.engine.values import Kind

Ending: TypeAlias = dict[int, Kind | None]
"""What is sure of each name that a branch assigns to, at the end of that branch."""


class Outside(NamedTuple):
    """What was so where a branch begins."""

    mark: int
    assigned: list[int]


class Facts:
    """A name that is not in here may have no value; one of which no more is known than that it has one is ANY.

    What is learnt where a run may not come is taken back entry by entry: a copy for each branch would be
    quadratic in a hostile source.
    """

    def __init__(self) -> None:
        self._known: dict[int, Kind] = {}
        self._trail: list[tuple[int, Kind | None]] = []
        self._assigned: list[int] = []

    def get(self, slot: int) -> Kind | None:
        """Give the kind that the name with this number is sure to have, or None if it may have no value."""
        return self._known.get(slot)

    def learn(self, slot: int, kind: Kind | None) -> None:
        """Note what a run that comes past here has shown of a name; None: it may have no value."""
        if slot == NO_SLOT or (before := self._known.get(slot)) is kind:
            return
        self._trail.append((slot, before))
        self._set(slot, kind)

    def assign(self, slot: int, kind: Kind | None) -> None:
        """Note what a name has been given."""
        self._assigned.append(slot)
        self.learn(slot, None if kind in (Kind.NONE, Kind.OPTIONAL) else kind)

    def _set(self, slot: int, kind: Kind | None) -> None:
        if kind is None:
            self._known.pop(slot, None)
        else:
            self._known[slot] = kind

    def mark(self) -> int:
        """Remember what is known here: what is learnt from here on holds only until `back_to`."""
        return len(self._trail)

    def back_to(self, mark: int) -> None:
        """Take back what was learnt since: a run may not have come there."""
        while len(self._trail) > mark:
            self._set(*self._trail.pop())

    def enter_branch(self) -> Outside:
        """Begin with statements that a run may not come to; gives what `leave_branch` takes."""
        outside = Outside(self.mark(), self._assigned)
        self._assigned = []
        return outside

    def leave_branch(self, outside: Outside) -> Ending:
        """End with them: gives what is sure of the names that they assign to, and takes it back."""
        ending = {slot: self._known.get(slot) for slot in self._assigned}
        self.back_to(outside.mark)
        self._assigned = outside.assigned
        return ending

    def join(self, endings: Sequence[Ending]) -> None:
        """Keep of the names that any of the branches assigns to what is sure whichever was taken."""
        for slot in {slot: None for ending in endings for slot in ending}:
            self.assign(slot, _in_common(slot, endings))


def _in_common(slot: int, endings: Sequence[Ending]) -> Kind | None:
    common = endings[0].get(slot)
    for ending in endings[1:]:
        kind = ending.get(slot)
        if common is None or kind is None:
            return None
        if kind is not common:
            common = Kind.ANY
    return common
