"""What a script may see of one patient as of a time, looked up from the beginning each time."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from observations.readings import Component, Reading
from tests.observations.computing.reference.facts import PlainOrganisation

NOTE = "patient-note"
SCORES = {"LA6568-5": 0.0, "LA6569-3": 1.0, "LA6570-1": 2.0, "LA6571-9": 3.0}
_KILOGRAMS = {"kg": 1.0, "g": 0.001, "[lb_av]": 0.45359237}
_MG_PER_DL = {"mg/dL": 1.0, "mmol/L": 18.0156}
Result = tuple[str, datetime]
"""A script's name and a time."""


class NotComputable(Exception):  # noqa: N818 - a result: why there is no value
    """Nothing can be computed."""


class Fails(Exception):  # noqa: N818 - what the script does, as it is meant to here
    """The script breaks a rule of the language."""


@dataclass(frozen=True)
class Expected:
    """A current result: its version, value or reason, and what it was made from, by the clients' own ids."""

    version: int
    value: Mapping[str, Any] | None
    reason: str
    interpretation: str
    sources: tuple[str, ...]
    facts: frozenset[str]
    upstream: tuple[Result, ...]


Results = Mapping[Result, Expected]


@dataclass
class Seen:
    """One look at a patient. Everything that is looked at is noted, and whether a result is due for it."""

    organisation: PlainOrganisation
    patient: str
    at: datetime
    readings: Sequence[Reading]
    """The patient's readings that count, in the order in which scripts see them."""
    results: Results
    is_due: bool = False
    obstacles: dict[str, str] = field(default_factory=dict)
    """Why an input has no value that must have one, by its name."""
    sources: set[tuple[datetime, str]] = field(default_factory=set)
    facts: set[str] = field(default_factory=set)
    upstream: set[tuple[datetime, str]] = field(default_factory=set)

    def latest(
        self,
        name: str,
        code: str,
        hours: float,
        *,
        stale: float = 0,
        missing: object = "required",
        **form: Any,
    ) -> Any:
        """The newest reading of a code within so many hours; none when it is `stale` hours old."""
        found = self._within(self._readings(code, **form), hours)
        if not found:
            return self._missing(name, "no value for {}", missing)
        reading, value = found[-1]
        if stale and reading.measured_at <= self.at - timedelta(hours=stale):
            return self._missing(name, "{} is stale", missing)
        self._note(reading)
        return value

    def all(
        self, name: str, code: str, hours: float, *, missing: object = "required", **form: Any
    ) -> list[Any]:
        """Every reading of a code within so many hours."""
        found = self._within(self._readings(code, **form), hours)
        if not found:
            self._missing(name, "no value for {}", missing)
        for reading, _ in found:
            self._note(reading)
        return [value for _, value in found]

    def timed(self, name: str, code: str, hours: float, **form: Any) -> list[tuple[Any, float, int, float]]:
        """The same with the hours and calendar days before now, and the hour that the sender's clock showed."""
        values = self.all(name, code, hours, **form)
        times = [reading.measured_at for reading, _ in self._within(self._readings(code, **form), hours)]
        return [
            (
                value,
                (self.at - time).total_seconds() / 3600,
                (self._day(self.at) - self._day(time)).days,
                _clock(time),
            )
            for value, time in zip(values, times, strict=True)
        ]

    def first(self, name: str, code: str, *, missing: object = "required", **form: Any) -> Any:
        """The first reading of a code in the stretch during which the patient is active now."""
        now = self.organisation.covering(self.patient, self.at)
        for reading, value in self._readings(code, **form):
            if self.organisation.covering(self.patient, reading.measured_at) == now:
                self._note(reading)
                return value
        return self._missing(name, "no value for {}", missing)

    def fact(self, name: str, fact: str, *, missing: object = "required") -> Any:
        """What holds of the patient now."""
        wanted = "birth_year" if fact == "age" else fact
        held = [
            one
            for one in self.organisation.facts.standing(self.patient)
            if one.name == wanted and one.effective_from <= self.at
        ]
        if not held:
            return self._missing(name, "no value for {}", missing)
        self.facts.add(held[-1].client_id)
        value: Any = held[-1].value
        return self.at.astimezone(self.organisation.zone).year - value if fact == "age" else value

    def results_of(
        self, name: str, script: str, output: str, hours: float, *, missing: object = "required"
    ) -> list[Any]:
        """Every value that another script gave within so many hours."""
        values = self._values(script, self._times(script, hours), output)
        if not values:
            self._missing(name, "no value for {}", missing)
        return values

    def latest_of(
        self, name: str, script: str, output: str, hours: float, *, missing: object = "required"
    ) -> Any:
        """What another script gave last within so many hours, if that has a value."""
        values = self._values(script, self._times(script, hours)[-1:], output)
        return values[0] if values else self._missing(name, "no value for {}", missing)

    def require(self) -> None:
        """Raise NotComputable when something that must have a value had none."""
        if self.obstacles:
            # The one that is declared first: every script here asks in the order in which it declares.
            raise NotComputable(next(iter(self.obstacles.values())))

    def _readings(
        self, code: str, unit: str = "", fields: Mapping[str, str] | None = None, take: str = ""
    ) -> list[tuple[Reading, Any]]:
        found = []
        for reading in self.readings:
            value = _record(reading, fields, take) if fields else _scalar(reading, code, unit, take)
            if reading.measured_at <= self.at and (not fields or reading.code == code) and value is not None:
                found.append((reading, value))
        self.is_due = self.is_due or any(reading.measured_at == self.at for reading, _ in found)
        return found

    def _within(self, readings: Sequence[tuple[Reading, Any]], hours: float) -> list[tuple[Reading, Any]]:
        begin = self.at - timedelta(hours=hours)
        return [(reading, value) for reading, value in readings if reading.measured_at > begin]

    def _times(self, script: str, hours: float) -> list[datetime]:
        times = sorted(time for name, time in self.results if name == script and time <= self.at)
        self.is_due = self.is_due or self.at in times
        return [time for time in times if time > self.at - timedelta(hours=hours)]

    def _values(self, script: str, times: Sequence[datetime], output: str) -> list[Any]:
        self.upstream |= {(time, script) for time in times}
        given = [self.results[script, time].value for time in times]
        values = [None if value is None else value.get(output) for value in given]
        return [value for value in values if value is not None]

    def _note(self, reading: Reading) -> None:
        self.sources.add((reading.measured_at, reading.client_id))

    def _missing(self, name: str, why: str, missing: object) -> object:
        if missing == "required":
            self.obstacles[name] = why.format(name)
            return None
        return missing

    def _day(self, time: datetime) -> Any:
        return time.astimezone(self.organisation.zone).date()


def _clock(time: datetime) -> float:
    """The hours on the clock of who sent the time, minutes as fractions."""
    return time.hour + (time.minute * 60_000_000 + time.second * 1_000_000 + time.microsecond) / 3_600_000_000


def _scalar(reading: Reading, code: str, unit: str, take: str) -> Any:
    """The reading's own value under a code, or that of its component."""
    if isinstance(reading.value, tuple):
        parts = [component for component in reading.value if component.code == code]
        return _plain(parts[0], code, unit, take) if parts else None
    return _plain(reading, code, unit, take) if reading.code == code else None


def _record(reading: Reading, fields: Mapping[str, str], take: str) -> dict[str, Any] | None:
    record = {name: _scalar(reading, code, "", take) for name, code in fields.items()}
    return record if any(value is not None for value in record.values()) else None


def _plain(sent: Reading | Component, code: str, unit: str, take: str) -> Any:
    value = sent.value
    if isinstance(value, Decimal):
        return _in_unit(_canonical(float(value), sent.unit or ""), unit)
    if isinstance(value, str) and code == NOTE:
        return value if len(value) <= 200 and value.isprintable() else None
    return SCORES[str(value)] if take == "score" else value


def _canonical(value: float, unit: str) -> float:
    if unit == "[degF]":
        return (value - 32) * 5 / 9
    return value * _KILOGRAMS.get(unit, 1.0) * _MG_PER_DL.get(unit, 1.0)


def _in_unit(value: float, unit: str) -> float:
    if unit == "[degF]":
        return value * 9 / 5 + 32
    return value / _KILOGRAMS.get(unit, 1.0) / _MG_PER_DL.get(unit, 1.0)
