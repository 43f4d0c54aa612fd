"""One patient's facts, laid out so that what holds as of any time is found at once."""

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, tzinfo
from typing import Any, NamedTuple, TypeAlias

from observations.computing.times import moment
from observations.engine.values import Record, Scalar

_A_MINUTE, _AN_HOUR, _A_DAY = 60_000_000, 3_600_000_000, 86_400_000_000
Item: TypeAlias = Scalar | Record
"""What a form sees in one reading."""
Source: TypeAlias = tuple[int, str, str]
"""A measurement: (measured at, client's id, id); sorts as scripts see them."""


class Reading(NamedTuple):
    """A covered measurement as one form of its code sees it."""

    source: Source
    value: Item
    association_id: int
    offset: int = 0
    """Of the time that it was sent with, in minutes east of UTC."""


class Series:
    """Readings of one form, by (measured_at, client's id): several sequences of the same length."""

    __slots__ = ("_days", "_local_hours", "_offsets", "associations", "sources", "times", "values")

    def __init__(self, readings: Iterable[Reading]) -> None:
        ordered = sorted(readings, key=lambda reading: reading.source)
        self.sources: Sequence[Source] = [reading.source for reading in ordered]
        self.times = [source[0] for source in self.sources]
        self.values = [reading.value for reading in ordered]
        self.associations = [reading.association_id for reading in ordered]
        self._offsets = [reading.offset for reading in ordered]
        self._days: list[int] | None = None
        self._local_hours: list[float] | None = None

    def days(self, zone: tzinfo) -> list[int]:
        """The calendar day of each reading in the organisation's zone, as a number."""
        if self._days is None:
            self._days = [day_of(time, zone) for time in self.times]
        return self._days

    def local_hours(self) -> list[float]:
        """The time of day of each reading by the offset that it was sent with, in hours: 7.5 is half past seven."""
        if self._local_hours is None:
            own = zip(self.times, self._offsets, strict=True)
            self._local_hours = [(time + offset * _A_MINUTE) % _A_DAY / _AN_HOUR for time, offset in own]
        return self._local_hours


def day_of(time: int, zone: tzinfo) -> int:
    """The number of the calendar day that it is in the zone."""
    return moment(time).astimezone(zone).toordinal()


EMPTY = Series(())


class Held(NamedTuple):
    """A dated fact about the patient."""

    since: int
    id: str
    value: str


class Given(NamedTuple):
    """A result of a script as others read it; no value where it was not computable."""

    at: int
    id: str
    value: Mapping[str, Any] | None


class Covering(NamedTuple):
    """An association: the measurements with `since <= time < until` count by it."""

    since: int
    until: int
    id: int


class PatientFacts:
    """Everything that scripts may read of one patient."""

    __slots__ = ("associations", "facts", "results", "series", "zone")

    def __init__(
        self,
        series: Sequence[Series],
        facts: Mapping[str, Sequence[Held]] | None = None,
        results: Mapping[str, Sequence[Given]] | None = None,
        zone: tzinfo = UTC,
        associations: Sequence[Covering] = (),
    ) -> None:
        self.associations = associations
        """Where several cover a time, the first one counts."""
        self.series = series
        """By the number of the form in its plan."""
        self.facts = facts or {}
        """By name, by (effective from, client's id)."""
        self.results = dict(results or {})
        """Of each script that others read, by its id, by time."""
        self.zone = zone

    def fact(self, name: str, at: int) -> Held | None:
        """The fact that holds at a time."""
        held = self.facts.get(name, ())
        position = bisect_right(held, at, key=lambda fact: fact.since)
        return held[position - 1] if position else None

    def association_at(self, at: int) -> int | None:
        """The association by which a measurement of that time counts."""
        return next((one.id for one in self.associations if one.since <= at < one.until), None)
