"""What must follow from what was said: worked out in the plainest way, from the contract alone."""

import math
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain, combinations

from observations.simulator.actions import Patient, Progress, Reading, Single, Statement
from observations.simulator.contents import GLUCOSE

WINDOW = timedelta(days=7)
_LOW, _HIGH = 70, 180
Period = tuple[datetime, datetime | None]


@dataclass(frozen=True, slots=True)
class Glucose:
    """A current result of glucose-7d: the engine's ids of its readings, oldest first, and its two values."""

    derived_from: tuple[str, ...]
    mean: float
    in_range: float


@dataclass(frozen=True, slots=True)
class Expected:
    """Everything that must be found of one patient."""

    periods: Sequence[Period]
    statuses: dict[str, str]
    """Of each reading, by its client id."""
    glucose: dict[datetime, Glucose]


def expected_of(patient: Patient) -> Expected:
    """What follows from everything about the patient that has been answered."""
    periods = periods_of(said for said in patient.statements if _counts(said))
    readings = [reading for reading in patient.readings if _counts(reading)]
    in_error = {one.client_id for one in patient.retractions if _counts(one)}
    replaced = {reading.replaces for reading in readings}
    statuses = {reading.client_id: _status(reading, in_error, replaced, periods) for reading in readings}
    counted = [reading for reading in readings if statuses[reading.client_id] == "counted"]
    return Expected(periods, statuses, glucose_of(counted))


def _counts(action: Statement | Reading | object) -> bool:
    return getattr(action, "progress", None) is Progress.ANSWERED


def periods_of(statements: Iterable[Statement]) -> list[Period]:
    """The stretches of time during which the patient is linked: from an 'active' to the next 'inactive', ends excluded."""
    periods: list[Period] = []
    since: datetime | None = None
    for said in sorted(statements, key=lambda said: (said.effective_at, said.client_id)):
        if said.active:
            since = since or said.effective_at
        elif since is not None:
            if said.effective_at > since:
                periods.append((since, said.effective_at))
            since = None
    return periods if since is None else [*periods, (since, None)]


def is_covered(periods: Iterable[Period], time: datetime) -> bool:
    """Whether one of the periods holds the time."""
    return any(begin <= time and (end is None or time < end) for begin, end in periods)


def possible_outcomes(
    certain: Sequence[Statement], perhaps: Sequence[Statement], measured_at: datetime
) -> set[str]:
    """The answers that a new reading may get while the `certain` statements show and any of the others may.

    The answer says whether the reading is covered at that moment, which nobody outside knows.
    """
    others = [said for said in perhaps if said not in certain]
    choices = chain.from_iterable(combinations(others, number) for number in range(len(others) + 1))
    return {
        "accepted" if is_covered(periods_of([*certain, *choice]), measured_at) else "held"
        for choice in choices
    }


def _status(
    reading: Reading, in_error: Collection[str], replaced: Collection[str | None], periods: Sequence[Period]
) -> str:
    if reading.client_id in in_error:
        return "entered-in-error"
    if reading.client_id in replaced:
        return "replaced"
    return "counted" if is_covered(periods, reading.measured_at) else "held"


def glucose_of(counted: Iterable[Reading]) -> dict[datetime, Glucose]:
    """The results of glucose-7d: one as of every time at which glucose was measured, from the seven days until then.

    Mean in mg/dL, and the percentage of readings from 70 to 180 mg/dL.
    """
    readings = sorted(
        (reading for reading in counted if reading.content.code == GLUCOSE),
        key=lambda reading: (reading.measured_at, reading.client_id),
    )
    return {
        time: _glucose([one for one in readings if time - WINDOW < one.measured_at <= time])
        for time in {reading.measured_at for reading in readings}
    }


def _glucose(readings: Sequence[Reading]) -> Glucose:
    values = [value for value in map(canonical_of, readings) if value is not None]
    in_range = sum(_LOW <= value <= _HIGH for value in values)
    return Glucose(
        tuple(reading.measurement or "" for reading in readings),
        math.fsum(values) / len(values),
        100 * in_range / len(values),
    )


def canonical_of(reading: Reading) -> float | None:
    """The number of a single reading in the catalogue's unit."""
    return reading.content.canonical if isinstance(reading.content, Single) else None
