"""A platform over some years: how its patients and all that comes with them grow, and when releases come."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Figures: TypeAlias = NDArray[np.float64]
FIRST_DAY = date(2022, 1, 3)
LAST_JUDGED = 36 * 365 // 12
"""Days that are simulated day by day."""
_AHEAD = 10 * 365
"""Days that the drivers are known for, so that the day is known on which a limit is reached."""


@dataclass(frozen=True)
class World:
    """By day: the drivers, and the release that ran last."""

    dates: Sequence[date]
    drivers: Mapping[str, Figures]
    releases: Sequence[str]

    @property
    def released(self) -> NDArray[np.int64]:
        """The days on which a release came."""
        changed = [day for day in range(1, len(self.dates)) if self.releases[day] != self.releases[day - 1]]
        return np.array(changed)


def world(chance: np.random.Generator) -> World:
    """Patients grow by 2 to 6 % a month, slower in some seasons, with customers that come and leave all at once."""
    patients = _patients(chance)
    days = np.arange(_AHEAD)
    stock = patients[0] * chance.uniform(20, 400)
    sent = patients * chance.uniform(0.5, 3) * np.where(days % 7 >= 5, 0.8, 1.0)
    drivers = {
        "active_patients": patients,
        "open_associations": np.round(patients * (1.15 + np.cumsum(chance.normal(0, 0.0008, _AHEAD)))),
        "submitters": np.floor(patients ** chance.uniform(0.4, 0.7)),
        "measurements": np.floor(stock + np.cumsum(sent)),
    }
    dates = [FIRST_DAY + timedelta(days=int(day)) for day in days]
    return World(dates, drivers, _releases(chance))


def _patients(chance: np.random.Generator) -> Figures:
    days = np.arange(_AHEAD)
    monthly = np.log(1 + chance.uniform(0.02, 0.06))
    season = 1 + 0.6 * np.sin(2 * np.pi * (days / 365 + chance.uniform()))
    leaps = np.zeros(_AHEAD)
    for day in chance.choice(_AHEAD, size=_AHEAD // 120, replace=False):
        leaps[day] = chance.choice((0.06, 0.03, 0.02, -0.02))
    grown = np.cumsum(monthly / 30.4 * season + leaps * monthly / 0.04 + chance.normal(0, 0.0006, _AHEAD))
    return np.asarray(np.round(np.exp(np.log(chance.uniform(3_000, 60_000)) + grown)))


def _releases(chance: np.random.Generator) -> Sequence[str]:
    names: list[str] = []
    while len(names) < _AHEAD:
        names += [f"r{len(names)}"] * int(chance.integers(7, 29))
    return names[:_AHEAD]
