"""Which stretch of time is drawn: one that ends now, everything, or from one day to another."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from patients.admin.timeline.scale import Scale, scale_over

ALL = "all"
PERIODS: Mapping[str, tuple[str, timedelta | None]] = {
    "week": ("Last 7 days", timedelta(days=7)),
    "month": ("Last 30 days", timedelta(days=30)),
    "quarter": ("Last 90 days", timedelta(days=90)),
    "year": ("Last year", timedelta(days=365)),
    ALL: ("All", None),
}
# Of those that nobody chose; a week is often empty where people measure now and then.
_AUTOMATIC = ("month", "quarter", "year")
# Days beyond have no place among the times that Python and PostgreSQL can name in every zone.
_YEARS = range(1850, 2200)
_NO_DAY = "A day is written as 2026-03-29."
_NO_YEAR = f"A day must be of the years {_YEARS[0]} to {_YEARS[-1]}."


@dataclass(frozen=True, slots=True)
class Choice:
    """What somebody asked for: a name of PERIODS, or days of the organisation's calendar, both inclusive; or nothing."""

    name: str = ""
    first: date | None = None
    last: date | None = None
    problem: str = ""
    """Why what was asked for is no period; then it is as if nothing had been asked for."""
    superseded: bool = False
    """Whether results are drawn that were superseded, too."""

    @property
    def is_by_days(self) -> bool:
        """Whether days were named."""
        return self.first is not None or self.last is not None


def choice_of(query: Mapping[str, str]) -> Choice:
    """What an address asks for by `period`, or by `from` and `to`, and by `superseded`."""
    return replace(_period_of(query), superseded=query.get("superseded") == "1")


def _period_of(query: Mapping[str, str]) -> Choice:
    try:
        first, last = (_day(query.get(name, "")) for name in ("from", "to"))
    except ValueError:
        return Choice(problem=_NO_DAY)
    if any(day is not None and day.year not in _YEARS for day in (first, last)):
        return Choice(problem=_NO_YEAR)
    if first is not None and last is not None and first > last:
        return Choice(problem="The first day is after the last one.")
    if first is not None or last is not None:
        return Choice(first=first, last=last)
    name = query.get("period", "")
    return Choice(name if name in PERIODS else "")


def _day(text: str) -> date | None:
    return date.fromisoformat(text) if text else None


def automatic(newest: datetime, now: datetime) -> str:
    """The shortest period, but for a week, that reaches back to the newest reading."""
    for name in _AUTOMATIC:
        span = PERIODS[name][1]
        if span is not None and newest >= now - span:
            return name
    return ALL


def scale_for(choice: Choice, oldest: datetime, newest: datetime, now: datetime, zone: ZoneInfo) -> Scale:
    """The axis of time for a choice that names a period or days; `oldest` and `newest` are the patient's readings."""
    if choice.is_by_days:
        begins = _midnight(choice.first, zone) if choice.first else oldest
        ends = _last_moment(choice.last, zone) if choice.last else max(newest, now)
        return Scale(begins, ends) if begins < ends else scale_over(begins, begins, begins)
    span = PERIODS[choice.name][1]
    if span is not None:
        return scale_over(now - span, now, now)
    # Readings of long ago would be squeezed to the left by years of which there is none.
    is_recent = now - newest <= newest - oldest
    return scale_over(oldest, newest, now if is_recent else newest)


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time.min, tzinfo=zone)


def _last_moment(day: date, zone: ZoneInfo) -> datetime:
    # What was measured at midnight belongs to the next day.
    return _midnight(day + timedelta(days=1), zone) - timedelta(microseconds=1)
