"""Who is simulated, and when what is sent: decided before the start, by the seed alone."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from observations.simulator.actions import Action, Patient, Reading
from observations.simulator.options import Options
from observations.simulator.readings import plan_readings
from observations.simulator.statements import plan_statements
from observations.simulator.times import Span

# Seconds around its first activation within which a patient's readings are sent.
_BEFORE, _AFTER = 2.0, 6.0


@dataclass(frozen=True, slots=True)
class Plan:
    """Everybody, and everything that will be sent, the earliest first."""

    patients: Sequence[Patient]
    actions: Sequence[Action]


def plan(options: Options, start: datetime) -> Plan:
    """Plan a run: all times of statements and readings lie before `start`, all ids carry the name of the run.

    Activations and readings are spread evenly over the duration. Where there are fewer patients than activations, patients are
    activated again, mostly after they were deactivated.
    """
    slots = max(1, round(options.rate * options.duration))
    number = min(options.patients, slots)
    patients = []
    for index in range(number):
        chance = random.Random(f"{options.seed}/{index}")  # noqa: S311 - made-up values, the same for a seed
        patient = Patient(f"sim-{options.run}-{index:05d}")
        span = Span(chance, start, options.duration)
        dues = [slot / options.rate for slot in range(index, slots, number)]
        plan_statements(patient, span, dues)
        window = max(0.0, dues[0] - _BEFORE), min(options.duration, dues[0] + _AFTER)
        plan_readings(patient, span, window, _share(options, index, number))
        patients.append(patient)
    _spread(patients, options)
    return Plan(patients, sorted(_all(patients), key=lambda action: action.due))


def _share(options: Options, index: int, patients: int) -> int:
    each, rest = divmod(round(options.measurements_rate * options.duration), patients)
    return each + (index < rest)


def _spread(patients: Sequence[Patient], options: Options) -> None:
    """Even out when the readings are sent; their order stays."""
    readings = [action for action in _all(patients) if isinstance(action, Reading)]
    readings.sort(key=lambda reading: reading.due)
    for position, reading in enumerate(readings):
        reading.due = position / options.measurements_rate


def _all(patients: Sequence[Patient]) -> Iterator[Action]:
    for patient in patients:
        yield from patient.actions
