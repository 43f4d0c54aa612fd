"""What must have come out of a set of facts, computed from all of them in memory by the plainest way."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from observations.readings import Reading
from patients.periods import Said
from tests.faults.histories import Fact, Statement, World
from tests.observations.reference import Expected, expected_glucose
from tests.patients.histories import is_active

Link = tuple[str, str, datetime, datetime | None]
"""(patient, submitter, associated since, until)"""


@dataclass
class State:
    """What follows from facts. Lists, since a table may hold twice what must be there once."""

    links: list[Link] = field(default_factory=list)
    covered_by: list[tuple[str, tuple[datetime, str] | None]] = field(default_factory=list)
    """The client id of each measurement, and begin and submitter of the association it counts by."""
    observations: list[tuple[str, datetime, Expected]] = field(default_factory=list)
    """(patient, as of, what)"""


def expected_state(facts: Iterable[Fact], world: World) -> State:
    """The associations, counted measurements and current observations of all patients that the facts are about."""
    about: dict[str, list[Fact]] = defaultdict(list)
    for fact in facts:
        about[fact.patient if isinstance(fact, Statement) else fact.external_id].append(fact)
    state = State()
    for patient, known in about.items():
        _add_patient(state, patient, known, world)
    return state


def _add_patient(state: State, patient: str, facts: Sequence[Fact], world: World) -> None:
    said = {
        submitter: [fact.said for fact in facts if isinstance(fact, Statement) and fact.submitter == number]
        for number, submitter in enumerate(world.submitters)
    }
    readings = [fact for fact in facts if isinstance(fact, Reading)]
    links = [
        (patient, submitter, begins, ends)
        for submitter, statements in said.items()
        for begins, ends in _periods(statements)
    ]
    state.links += links
    for reading in readings:
        covering = _covering(links, reading.measured_at)
        counts = any(is_active(statements, reading.measured_at) for statements in said.values())
        assert counts == (covering is not None)
        state.covered_by.append((reading.client_id, covering))
    for time, what in expected_glucose(list(said.values()), readings).items():
        state.observations.append((patient, time, what))


def _periods(statements: Sequence[Said]) -> Iterator[tuple[datetime, datetime | None]]:
    """From each activation of someone inactive to the next deactivation, if that comes later."""
    ordered = sorted(statements, key=lambda said: (said.effective_at, said.client_id))
    for position, said in enumerate(ordered):
        if said.active and (position == 0 or not ordered[position - 1].active):
            ends = next((later.effective_at for later in ordered[position:] if not later.active), None)
            if ends != said.effective_at:
                yield said.effective_at, ends


def _covering(links: Sequence[Link], time: datetime) -> tuple[datetime, str] | None:
    """Begin and submitter of the earliest association that covers a time; of two at once the smaller submitter's."""
    covering = [
        (begins, submitter)
        for _, submitter, begins, ends in links
        if begins <= time and (ends is None or time < ends)
    ]
    return min(covering, default=None)
