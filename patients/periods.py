"""The fold: the association periods of a pair as a pure function of all its accepted statements."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple


class Said(NamedTuple):
    """One statement about a pair, as the fold sees it; sorts by (effective time, client's id)."""

    effective_at: datetime
    client_id: str
    active: bool


@dataclass(frozen=True, slots=True)
class Period:
    """A stretch `[begins, ends)` during which the patient is associated; `ends` None while it lasts."""

    begins: datetime
    ends: datetime | None


def fold(statements: Iterable[Said]) -> list[Period]:
    """The periods that follow from the statements, in order, never overlapping and never empty.

    Statements count in the order of (effective time, client's id), whatever order they arrived in. 'Active' while active and
    'inactive' while inactive change nothing. An activation undone at its own instant leaves no period.
    """
    periods: list[Period] = []
    begins: datetime | None = None
    for effective_at, _, active in sorted(statements):
        if active and begins is None:
            begins = effective_at
        elif not active and begins is not None:
            if begins < effective_at:
                periods.append(Period(begins, effective_at))
            begins = None
    if begins is not None:
        periods.append(Period(begins, None))
    return periods
