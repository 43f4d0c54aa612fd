"""What an expression becomes: a piece of Python of our own making, with what is known of it beforehand.

The pieces hold our own words alone: v3 is the value of a name of the script (None: it has none), k7 a constant
that was checked, f the budget, numerals are numbers that were read and checked; every other word is a function
that `Program.use` gave. No character of the author's gets into them.
"""

from typing import Final, NamedTuple, TypeAlias

from observations.engine.errors import ScriptFailed
from observations.engine.limits import ITEMS_PER_STEP, MAX_STEPS
from observations.engine.values import Kind

Budget: TypeAlias = list[int]
"""The steps that a run may still take, as its only item."""
Place: TypeAlias = int
"""Where a part of the script stands: line * LINE + column, both from 1, or 0. One number keeps generated code short."""

LINE: Final = 2**15
NO_LITERAL: Final = object()
NO_SLOT: Final = -1


class Code(NamedTuple):
    """A compiled expression.

    `kind` is what the author's words say of it, which refusals go by; `sure` is what holds in every run that
    gets past it, where that is more: it decides which checks the generated code can do without.
    """

    text: str
    kind: Kind
    cost: int = 0
    sure: Kind | None = None
    literal: object = NO_LITERAL
    slot: int = NO_SLOT
    """The place of the name that the expression is, if it is one."""

    @property
    def proved(self) -> Kind:
        """The kind that the value has in every run."""
        return self.sure or self.kind

    @property
    def is_literal(self) -> bool:
        """Whether its value is known before the run."""
        return self.literal is not NO_LITERAL


def failure(place: Place, reason: str) -> ScriptFailed:
    """Give the error for a rule broken at a place."""
    return ScriptFailed(*divmod(place, LINE), reason)


def spend(budget: Budget, steps: int, place: Place) -> None:
    """Take steps from the budget of a run; raises ScriptFailed when it is used up."""
    budget[0] -= steps
    if budget[0] < 0:
        raise failure(place, f"the script takes more than {MAX_STEPS:,} steps")


def spend_reading(budget: Budget, items: int, place: Place) -> None:
    """Take the steps for reading through a list of so many items."""
    spend(budget, -(-items // ITEMS_PER_STEP), place)
