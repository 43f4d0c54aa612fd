"""The axis of a time line: where a time lies between its ends, and which times are written below it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.utils.formats import date_format

# More would run into each other on a narrow screen.
_MOST_TICKS = 6
# Without a length nothing could be placed.
_SHORTEST = timedelta(hours=1)
_HOURS = (1, 2, 3, 6, 12, 24, 48, 7 * 24, 14 * 24)
_MONTHS = (1, 2, 3, 6, 12, 24, 60, 120, 240, 600)


@dataclass(frozen=True, slots=True)
class Tick:
    """A time written below the axis, and its place in per cent of the width."""

    at: float
    text: str


@dataclass(frozen=True, slots=True)
class Scale:
    """The stretch of time that is drawn."""

    begins: datetime
    ends: datetime

    def place(self, time: datetime) -> float:
        """Where a time lies, in per cent of the width; what lies outside is put at the nearer end."""
        # By what has gone by, not by what clocks show: Python subtracts the latter when both times name one zone.
        begins, ends = self.begins.timestamp(), self.ends.timestamp()
        share = (time.timestamp() - begins) / (ends - begins)
        return min(max(share * 100, 0.0), 100.0)

    def ticks(self, zone: ZoneInfo) -> list[Tick]:
        """Some six round times of the zone, evenly spread."""
        span = self.ends - self.begins
        pattern = "j M, H:i" if span < timedelta(days=4) else "j M Y"
        return [
            Tick(self.place(time), date_format(time, pattern))
            for time in (local.replace(tzinfo=zone) for local in _round_times(*self._local(zone)))
            if self.begins <= time <= self.ends
        ]

    def _local(self, zone: ZoneInfo) -> tuple[datetime, datetime]:
        # Clock times: a step of a day keeps its hour when the clocks change.
        begins, ends = (time.astimezone(zone).replace(tzinfo=None) for time in (self.begins, self.ends))
        return begins, ends


def scale_over(begins: datetime, now: datetime, latest: datetime) -> Scale:
    """A scale from `begins` to a little after both `now` and `latest`, so that neither lies on the edge."""
    ends = max(now, latest)
    begins = min(begins, ends - _SHORTEST)
    span = ends - begins
    return Scale(begins - span / 50, ends + span / 25)


def _round_times(begins: datetime, ends: datetime) -> Iterator[datetime]:
    hours = (ends - begins) / timedelta(hours=1)
    for step in _HOURS:
        if hours / step <= _MOST_TICKS:
            return _by_hours(begins, ends, timedelta(hours=step))
    months = hours / (24 * 30)
    step = next((step for step in _MONTHS if months / step <= _MOST_TICKS), _MONTHS[-1])
    return _by_months(begins, ends, step)


def _by_hours(begins: datetime, ends: datetime, step: timedelta) -> Iterator[datetime]:
    time = begins.replace(hour=0, minute=0, second=0, microsecond=0)
    while time <= ends:
        yield time
        time += step


def _by_months(begins: datetime, ends: datetime, step: int) -> Iterator[datetime]:
    number = (begins.year * 12 + begins.month - 1) // step * step
    last = ends.year * 12 + ends.month - 1
    for month in range(number, last + 1, step):
        yield datetime(month // 12, month % 12 + 1, 1)  # noqa: DTZ001 - a clock time, whose zone the caller knows
