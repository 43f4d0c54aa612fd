"""Which limit is reached first, at how many patients, and when."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from math import log

from clinical_engine.profiling.growth.curves import reaches
from clinical_engine.profiling.growth.fitting import Fitted
from clinical_engine.profiling.growth.points import Figures
from clinical_engine.profiling.growth.verdicts import Crossing

_YEAR = 365.25
_CENTURY = 100 * _YEAR
_RECENT_DAYS = 180


@dataclass(frozen=True)
class Limit:
    """What a measure must not exceed."""

    name: str
    value: float


@dataclass(frozen=True)
class Paces:
    """How fast a driver grows, in its logarithm a day: likely, and the fastest and slowest of what was seen."""

    likely: float
    fastest: float
    slowest: float


def crossing(fit: Fitted, limit: Limit, times: Figures, today: date, now: float) -> Crossing:
    """Where the growth meets the limit; at `now`, the driver's value of today, where it is over it already."""
    likely, nearest, farthest = (
        [max(reaches(curve, limit.value), now) for curve in fit.curves(slope)]
        for slope in (fit.slope.value, fit.high, max(fit.low, 0.01))
    )
    paces = _paces(times, fit.against)
    return Crossing(
        measure=fit.measure,
        driver=fit.driver,
        limit=limit.value,
        limit_name=limit.name,
        driver_now=now,
        driver_at_limit=likely[0],
        on=_day(today, now, likely[0], paces.likely),
        earliest=_day(today, now, min((*likely, *nearest)), paces.fastest),
        latest=_day(today, now, max((*likely, *farthest)), paces.slowest),
    )


def first(crossings: Iterable[Crossing]) -> Crossing | None:
    """The one whose day comes first; of those without a day, the one whose driver has least far to go."""
    return min(
        crossings,
        key=lambda one: (one.on or date.max, one.driver_at_limit / one.driver_now),
        default=None,
    )


def _paces(times: Figures, driver: Figures) -> Paces:
    recent = times > times[-1] - _RECENT_DAYS
    paces = [_pace(times, driver), _pace(times[recent], driver[recent])]
    year = times > times[-1] - _YEAR
    return Paces(_pace(times[year], driver[year]), max(paces), min(paces))


def _pace(times: Figures, driver: Figures) -> float:
    around = times - times.mean()
    return float(around @ driver / max(float(around @ around), 1.0))


def _day(today: date, now: float, then: float, pace: float) -> date | None:
    way = log(then / now)
    if way <= 0:
        return today
    if pace <= 0 or way / pace > _CENTURY:
        return None
    return min(today, date.max - timedelta(days=_CENTURY)) + timedelta(days=way / pace)
