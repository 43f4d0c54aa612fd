"""Durations, numbers and verdicts as people read them."""

from datetime import date, datetime, timedelta
from math import floor, log10

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.safestring import SafeString

from clinical_engine.profiling.growth.series import Day
from clinical_engine.profiling.growth.verdicts import Change, Crossing, Fit, Measure
from clinical_engine.staff.cells import NOTHING, moment

_UNITS = ((86_400e6, "d"), (3_600e6, "h"), (60e6, "min"), (1e6, "s"), (1e3, "ms"), (1.0, "µs"))
_LARGE = ((1e9, "billion"), (1e6, "million"))
# Below, three digits of seconds say more than minutes.
_LEAST_MINUTES = 120e6
_COSTS = {
    Measure.DURATION: "usual duration",
    Measure.SLOW_DURATION: "p95 duration",
    Measure.ROWS: "rows",
    Measure.PARAMETERS: "parameters",
    Measure.VALUES: "values",
}
_DURATIONS = {Measure.DURATION, Measure.SLOW_DURATION}


def duration(microseconds: float | None) -> str:
    """A duration in the unit that suits it, to three digits."""
    if microseconds is None:
        return NOTHING
    for size, unit in _UNITS:
        if microseconds >= (_LEAST_MINUTES if unit == "min" else size):
            return f"{_digits(microseconds / size)} {unit}"
    return "under 1 µs" if microseconds else "0"


def number(value: float) -> str:
    """A number to three digits; a whole one with all of its digits."""
    return f"{value:,.0f}" if value == floor(value) else _digits(value)


def about(value: float) -> str:
    """An estimate: two digits, no more."""
    if value <= 0:
        return "0"
    rounded = round(value, 1 - floor(log10(value)))
    for size, name in _LARGE:
        if rounded >= size:
            return f"{rounded / size:g} {name}"
    return f"{rounded:,.0f}" if rounded >= 10 else f"{rounded:g}"  # noqa: PLR2004 - two digits before the point


def amount(measure: str, value: float) -> str:
    """A cost in the unit of its measure, such as '20 s' or '65,535 parameters'."""
    noun = measure.removesuffix("s") if value == 1 else measure
    return duration(value) if measure in _DURATIONS else f"{number(value)} {noun}"


def cost(measure: str) -> str:
    """What is measured, such as 'usual duration'."""
    return _COSTS[Measure(measure)] if measure in _COSTS else measure


def driver(name: str) -> str:
    """What makes a statement grow, such as 'active patients'."""
    return name.replace("_", " ")


def days(day: Day) -> str:
    """Which day, or from which to which of those that are kept as one, as '4 Nov 2026 to 3 Dec 2026'."""
    last = day.day + timedelta(days=day.days - 1)
    return " to ".join(date_format(each, "j M Y") for each in sorted({day.day, last}))


def seen(time: datetime) -> SafeString:
    """When something was seen: now at the latest, also where a clock that was ahead wrote it down."""
    return moment(min(time, timezone.now()))


def counted(value: int, name: str) -> str:
    """A number with its noun, as '1 parameter' or '2,000 parameters'."""
    return f"{value:,} {name}{'' if value == 1 else 's'}"


def power(fit: Fit) -> str:
    """How fast it grows and how sure that is."""
    return (
        f"{cost(fit.measure)} goes with {driver(fit.driver)} to the power of {fit.exponent:.2f}"
        f" ({fit.low:.2f} to {fit.high:.2f}, {fit.points} points): twice as many cost {2**fit.exponent:.2g} times as much"
    )


def headroom(crossing: Crossing) -> str:
    """Which limit is reached at how many patients, and about when."""
    limit = amount(crossing.measure, crossing.limit)
    if crossing.driver_at_limit <= crossing.driver_now:
        return f"is at its limit of {limit}"
    where = f"{about(crossing.driver_at_limit)} {driver(crossing.driver)}"
    return f"reaches {limit} at {where}, {_when(crossing)}"


def times(factor: float) -> str:
    """How much longer or shorter something takes."""
    return f"{factor:.2g} times slower" if factor >= 1 else f"{1 / factor:.2g} times faster"


def change(changed: Change) -> str:
    """By how much a release changed it."""
    return f"{times(changed.factor)} since {changed.release}"


def _when(crossing: Crossing) -> str:
    if crossing.on is None:
        return "which is not in sight as its driver goes"
    return f"about {date_format(crossing.on, 'F Y')}{_between(crossing.earliest, crossing.latest)}"


def _between(earliest: date | None, latest: date | None) -> str:
    if earliest is None:
        return ""
    first = date_format(earliest, "M Y")
    return f" ({first} or later)" if latest is None else f" ({first} to {date_format(latest, 'M Y')})"


def _digits(value: float) -> str:
    if value >= 100:  # noqa: PLR2004 - three digits
        return f"{value:,.0f}"
    return f"{value:.3g}"
