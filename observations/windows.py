"""What a script version reads, and as of which times: pure functions over one patient's covered measurements."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

Value = float | bool


class Fact(NamedTuple):
    """A covered measurement as a script sees it; sorts by (measured_at, client's id)."""

    measured_at: datetime
    client_id: str
    id: UUID
    value: Value


@dataclass(frozen=True, slots=True)
class InputSpec:
    """A declared input: all readings of `code` within `window` before the time of the result, that time included."""

    code: str
    window: timedelta


@dataclass(frozen=True, slots=True)
class Inputs:
    """What one result is computed from: the values by name, and the measurements they came from, oldest first."""

    values: Mapping[str, tuple[Value, ...]]
    derived_from: tuple[UUID, ...]


class PatientFacts:
    """One patient's covered measurements by code, ready to be read as of any time."""

    def __init__(self, facts: Iterable[tuple[str, Fact]]) -> None:
        by_code: dict[str, list[Fact]] = {}
        for code, fact in sorted(facts, key=lambda item: item[1][:2]):
            by_code.setdefault(code, []).append(fact)
        self._facts: Mapping[str, Sequence[Fact]] = by_code
        self._times = {code: [fact.measured_at for fact in facts_] for code, facts_ in by_code.items()}

    def times_since(self, codes: Iterable[str], since: datetime) -> list[datetime]:
        """The times from `since` on at which a reading of one of the codes was taken: there a result is due."""
        return sorted({time for code in codes for time in self._times.get(code, ()) if time >= since})

    def as_of(self, time: datetime, specs: Mapping[str, InputSpec]) -> Inputs:
        """What the inputs are as of a time: readings with time - window < measured_at <= time, by (measured_at, client's id)."""
        read = {name: list(self._within(spec, time)) for name, spec in specs.items()}
        sources = sorted({fact for facts in read.values() for fact in facts})
        return Inputs(
            {name: tuple(fact.value for fact in facts) for name, facts in read.items()},
            tuple(fact.id for fact in sources),
        )

    def _within(self, spec: InputSpec, time: datetime) -> Iterator[Fact]:
        times = self._times.get(spec.code, [])
        yield from self._facts.get(spec.code, ())[
            bisect_right(times, time - spec.window) : bisect_right(times, time)
        ]
