"""What a script version reads as of a time: pure functions over one patient's facts."""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from itertools import chain
from typing import NamedTuple, Protocol

from observations.computing.series import Given, Item, PatientFacts, Source, day_of
from observations.computing.times import lasting, moment
from observations.engine import Input
from observations.engine.values import Record
from observations.scripts.declarations import (
    DeclaredInput,
    FactInput,
    How,
    MeasurementInput,
    Missing,
    ScriptInput,
)

MAX_READINGS = 1_000
_AN_HOUR = 3_600_000_000


class Obstacle(Exception):  # noqa: N818 - it is a result: why nothing can be computed
    """An input has no value, and its version says that then nothing is computed."""


def is_stale(name: str) -> str:
    """Why nothing is computed from an input whose latest reading is too old."""
    return f"{name} is stale"


def too_many(what: str, name: str) -> str:
    """Why nothing is computed from an input of more readings, or results, than a list holds."""
    return f"more than {MAX_READINGS:,} {what} of {name}"


class Read:
    """What one result is computed from, collected while its inputs are read."""

    __slots__ = ("facts", "results", "sources")

    def __init__(self) -> None:
        self.sources: list[Sequence[Source]] = []
        self.results: list[Given] = []
        self.facts: list[str] = []

    def provenance(self) -> "Provenance":
        """What was read, each once, oldest first, as array literals."""
        # Several parts of one measurement are several readings, and the measurement would stand there as often.
        ordered = self.sources[0] if len(self.sources) == 1 else sorted(set(chain(*self.sources)))
        return Provenance(
            "{" + ",".join([source[2] for source in ordered]) + "}",
            "{"
            + ",".join([key[1] for key in sorted({(given.at, given.id) for given in self.results})])
            + "}",
            "{" + ",".join(sorted(set(self.facts))) + "}",
        )


class Provenance(NamedTuple):
    """The ids of measurements, of other scripts' results and of facts, as PostgreSQL writes arrays of them."""

    derived_from: str
    from_observations: str
    from_facts: str


class Reader(Protocol):
    """Reads one input of a version."""

    def __call__(self, facts: PatientFacts, at: int, association_id: int | None, read: Read) -> Input:
        """The input's value as of a time; what it was read from goes to `read`. Raises Obstacle."""


class _Fallback:
    """What an input is when there is nothing to read."""

    __slots__ = ("_default", "_missing", "name")

    def __init__(self, name: str, declared: DeclaredInput) -> None:
        self.name = name
        self._missing = declared.missing
        self._default = declared.default

    def __call__(self, why: str = "") -> Input:
        if self._missing is Missing.NOT_COMPUTABLE:
            raise Obstacle(why or f"no value for {self.name}")
        return self._default


class _Latest:
    def __init__(self, name: str, declared: MeasurementInput, form: int) -> None:
        self._form = form
        self._window = lasting(declared.window)
        self._fresh = declared.stale_after_seconds * 1_000_000 or self._window
        self._missing = _Fallback(name, declared)

    def __call__(self, facts: PatientFacts, at: int, association_id: int | None, read: Read) -> Input:
        del association_id
        series = facts.series[self._form]
        position = bisect_right(series.times, at) - 1
        if position < 0 or series.times[position] <= at - self._window:
            return self._missing()
        if series.times[position] <= at - self._fresh:
            return self._missing(is_stale(self._missing.name))
        read.sources.append((series.sources[position],))
        return series.values[position]


class _First:
    def __init__(self, name: str, declared: MeasurementInput, form: int) -> None:
        self._form = form
        self._missing = _Fallback(name, declared)

    def __call__(self, facts: PatientFacts, at: int, association_id: int | None, read: Read) -> Input:
        series = facts.series[self._form]
        for position in range(bisect_right(series.times, at)):
            if association_id in {None, series.associations[position]}:
                read.sources.append((series.sources[position],))
                return series.values[position]
        return self._missing()


class _AllWithin:
    def __init__(self, name: str, declared: MeasurementInput, form: int) -> None:
        self._form = form
        self._window = lasting(declared.window)
        self._timed = declared.timed
        self._missing = _Fallback(name, declared)

    def __call__(self, facts: PatientFacts, at: int, association_id: int | None, read: Read) -> Input:
        del association_id
        series = facts.series[self._form]
        last = bisect_right(series.times, at)
        first = bisect_right(series.times, at - self._window, 0, last)
        if first == last:
            self._missing()
            return ()
        if last - first > MAX_READINGS:
            raise Obstacle(too_many("readings", self._missing.name))
        read.sources.append(series.sources[first:last])
        values = series.values[first:last]
        if not self._timed:
            return values
        today, days = day_of(at, facts.zone), series.days(facts.zone)
        times, local_hours = series.times, series.local_hours()
        return [
            _timed(value, at - times[place], today - days[place], local_hours[place])
            for place, value in enumerate(values, first)
        ]


def _timed(value: Item, before: int, days: int, local_hour: float) -> Record:
    named: Record = value if isinstance(value, Mapping) else {"value": value}
    return {**named, "hours": before / _AN_HOUR, "day": days, "local_hour": local_hour}


class _Fact:
    def __init__(self, name: str, declared: FactInput) -> None:
        self._fact = declared.fact
        self._missing = _Fallback(name, declared)

    def __call__(self, facts: PatientFacts, at: int, association_id: int | None, read: Read) -> Input:
        del association_id
        held = facts.fact("birth_year" if self._fact == "age" else self._fact, at)
        if held is None:
            return self._missing()
        read.facts.append(held.id)
        if self._fact == "age":
            return moment(at).astimezone(facts.zone).year - int(held.value)
        return int(held.value) if self._fact == "spo2_scale" else held.value


class _Result:
    def __init__(self, name: str, declared: ScriptInput, script_id: str) -> None:
        self._script_id = script_id
        self._output = declared.output
        self._window = lasting(declared.window)
        self._all = declared.how is How.ALL_WITHIN
        self._missing = _Fallback(name, declared)

    def __call__(self, facts: PatientFacts, at: int, association_id: int | None, read: Read) -> Input:
        del association_id
        results = facts.results.get(self._script_id, ())
        last = bisect_right(results, at, key=lambda given: given.at)
        first = bisect_right(results, at - self._window, 0, last, key=lambda given: given.at)
        within = results[first:last] if self._all else results[max(first, last - 1) : last]
        read.results.extend(within)
        # An earlier version of the script may not have had the output.
        given_values = [given.value.get(self._output) for given in within if given.value is not None]
        values = [value for value in given_values if value is not None]
        if not values:
            missing = self._missing()
            return () if self._all else missing
        if len(values) > MAX_READINGS:
            raise Obstacle(too_many("results", self._missing.name))
        return values if self._all else values[0]


def reader(name: str, declared: DeclaredInput, form: int | None, script_id: str | None) -> Reader:
    """How an input is read: a measurement's from the plan's form, a result's from the script of this id."""
    if isinstance(declared, FactInput):
        return _Fact(name, declared)
    if isinstance(declared, ScriptInput):
        return _Result(name, declared, script_id or "")
    if form is None:
        raise ValueError("A measurement is read in a form of the plan.")
    if declared.how is How.LATEST:
        return _Latest(name, declared, form)
    return (
        _AllWithin(name, declared, form) if declared.how is How.ALL_WITHIN else _First(name, declared, form)
    )


def values_of(
    readers: Mapping[str, Reader], facts: PatientFacts, at: int, association_id: int | None
) -> tuple[dict[str, Input], Read, str]:
    """The inputs as of a time, what they were read from, and why nothing can be computed from them, or ''."""
    read = Read()
    values: dict[str, Input] = {}
    obstacle = ""
    for name, reading in readers.items():
        try:
            values[name] = reading(facts, at, association_id, read)
        except Obstacle as one:
            # The others are read all the same: when one of them changes, so may the reason.
            obstacle = obstacle or str(one)
    return values, read, obstacle
