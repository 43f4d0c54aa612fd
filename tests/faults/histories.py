"""Made-up histories of patients, the same ones for the same seed, and the requests that a vitals app sends them by."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from random import Random
from typing import Any

from observations.readings import Reading
from patients.periods import Said
from tests import factories
from tests.factories import NOON
from tests.patients.histories import dice

_DAYS = 20
_VALUES = (60, 70, 100, 180, 181)


@dataclass(frozen=True)
class World:
    """An organisation of the engine, its two submitters, and the key of a client."""

    organisation: str
    submitters: tuple[str, str]
    key: str


@dataclass(frozen=True)
class Statement:
    """A statement about a patient and the submitter of that number."""

    patient: str
    submitter: int
    said: Said


Fact = Statement | Reading


@dataclass(frozen=True)
class Request:
    """One request: a statement, or some readings."""

    facts: tuple[Fact, ...]

    @property
    def path(self) -> str:
        """Where it goes, below the API's own address."""
        match self.facts[0]:
            case Statement(said=said):
                return "activations" if said.active else "deactivations"
            case _:
                return "measurements"

    def body(self, world: World) -> dict[str, Any]:
        """What it says."""
        match self.facts[0]:
            case Statement() as statement:
                return _statement_body(statement, world)
            case _:
                readings = [_reading_body(fact) for fact in self.facts if isinstance(fact, Reading)]
                return {"organisation": world.organisation, "measurements": readings}


def client_id_of(fact: Fact) -> str:
    """The sender's own id of a fact."""
    return fact.said.client_id if isinstance(fact, Statement) else fact.client_id


def made_up_requests(seed: int, patients: int) -> list[Request]:
    """What is sent about a number of patients, in the order of sending.

    Activations, deactivations and re-activations with both submitters, some at the same instant; readings before and
    after their link; one request in ten is sent again later.
    """
    chance = dice(seed)
    facts = [list(_facts_about(f"p-{number}", chance)) for number in range(patients)]
    statements = [fact for some in facts for fact in some if isinstance(fact, Statement)]
    readings = [fact for some in facts for fact in some if isinstance(fact, Reading)]
    chance.shuffle(readings)
    sent = [Request((statement,)) for statement in statements]
    sent += [Request(some) for some in _in_portions(readings, chance)]
    sent += chance.sample(sent, len(sent) // 10)
    chance.shuffle(sent)
    return sent


def _facts_about(patient: str, chance: Random) -> Iterator[Fact]:
    for number in range(chance.randint(1, 5)):
        # The first one activates, or most readings would never count.
        said = Said(_some_time(chance), f"{patient}/s{number}", number == 0 or chance.random() < 0.5)
        yield Statement(patient, chance.randrange(2) if number else 0, said)
    for number in range(chance.randint(2, 6)):
        yield factories.reading(
            patient, chance.choice(_VALUES), _some_time(chance), client_id=f"{patient}/m{number}"
        )


def _some_time(chance: Random) -> datetime:
    return NOON + timedelta(hours=12 * chance.randrange(2 * _DAYS))


def _in_portions(readings: Sequence[Reading], chance: Random) -> Iterable[tuple[Reading, ...]]:
    rest = iter(readings)
    while portion := tuple(islice(rest, chance.randint(1, 4))):
        yield portion


def _statement_body(statement: Statement, world: World) -> dict[str, Any]:
    return {
        "client_id": statement.said.client_id,
        "submitter": world.submitters[statement.submitter],
        "external_id": statement.patient,
        "effective_at": statement.said.effective_at.isoformat(),
    }


def _reading_body(reading: Reading) -> dict[str, Any]:
    return {
        "client_id": reading.client_id,
        "external_id": reading.external_id,
        "code": reading.code,
        "value": float(str(reading.value)),
        "unit": reading.unit,
        "measured_at": reading.measured_at.isoformat(),
    }
