"""What an expression becomes: a closure over a frame, with what is known of it beforehand.

A frame is a list: place 0 holds the steps still allowed, every other place the value of one name (None: it
has none). A list rather than an object because reading a name is most of what a run does.
"""

from collections.abc import Callable
from typing import Any, Final, NamedTuple, TypeAlias

from observations.engine.errors import ScriptFailed
from observations.engine.limits import ITEMS_PER_STEP, MAX_STEPS
from observations.engine.values import Kind

Frame: TypeAlias = list[Any]
Run: TypeAlias = Callable[[Frame], Any]

STEPS_LEFT: Final = 0


class Place(NamedTuple):
    """Where a part of the script stands, both from 1."""

    line: int
    column: int


class Code(NamedTuple):
    """A compiled expression: its closure, its value's kind, its cost in steps, whether it is a literal."""

    run: Run
    kind: Kind
    cost: int = 0
    literal: bool = False


def failure(place: Place, reason: str) -> ScriptFailed:
    """Give the error for a rule broken at a place."""
    return ScriptFailed(place.line, place.column, reason)


def charge(frame: Frame, steps: int, place: Place) -> None:
    """Take steps from the budget of a run; raises ScriptFailed when it is used up."""
    frame[STEPS_LEFT] -= steps
    if frame[STEPS_LEFT] < 0:
        raise failure(place, f"the script takes more than {MAX_STEPS:,} steps")


def charge_reading(frame: Frame, items: int, place: Place) -> None:
    """Take the steps for reading through a list of so many items."""
    charge(frame, -(-items // ITEMS_PER_STEP), place)


def constant(value: object, kind: Kind, cost: int = 0) -> Code:
    """Give the code of a value that is known before the run."""
    return Code(lambda _: value, kind, cost, literal=True)
