"""Made-up histories of statements, and what follows from them by a deliberately naive way."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from random import Random

from hypothesis import strategies as st

from patients.periods import Said
from tests.factories import NOON

MINUTES = 8


def dice(seed: int) -> Random:
    """Chance that a failed run can repeat."""
    return Random(seed)  # noqa: S311 - mixes test data, guards nothing


def at(minute: float) -> datetime:
    return NOON + timedelta(minutes=minute)


def is_active(statements: Iterable[Said], time: datetime) -> bool:
    """What the last statement up to a time says."""
    said = [statement for statement in sorted(statements) if statement.effective_at <= time]
    return bool(said) and said[-1].active


# So few instants that statements of one instant and repeated ones are common.
minutes = st.integers(0, MINUTES)
INSTANTS = [at(half / 2) for half in range(-2, 2 * MINUTES + 3)]
"""One instant before all statements, at each, between each two, and after all."""


@st.composite
def statements(draw: st.DrawFn) -> list[Said]:
    """Statements about one pair in the order of their arrival, each with its own client id."""
    spoken = draw(st.lists(st.tuples(minutes, st.booleans()), max_size=10))
    names = draw(st.permutations(range(len(spoken))))
    return [
        Said(at(minute), f"s-{name}", active) for (minute, active), name in zip(spoken, names, strict=True)
    ]
