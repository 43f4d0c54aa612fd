"""Cost against what drives it: a dot for each day, the fitted curve, and the limit that it reaches."""

from collections.abc import Sequence
from datetime import date, timedelta

from clinical_engine.profiling.admin import words
from clinical_engine.profiling.admin.fixed_cost import FixedCost
from clinical_engine.profiling.admin.plots.axis import Axis, logarithmic
from clinical_engine.profiling.admin.plots.drawing import (
    Drawing,
    Mark,
    height,
    level_line,
    text,
    ticks_across,
    ticks_up,
)
from clinical_engine.profiling.estimating.writing import cost_of
from clinical_engine.profiling.growth.series import Day
from clinical_engine.profiling.growth.verdicts import Crossing, Fit, Measure

DEFAULT_DRIVER = "active_patients"
_AGES = ((timedelta(days=7), "week", "last 7 days"), (timedelta(days=30), "month", "last 30 days"))
_OLDER = ("older", "older")
_CURVE_POINTS = 60
# Further ahead, the days that were would be one dot.
_FURTHEST = 1_000.0


def draw_cost(
    days: Sequence[Day], fit: Fit | None, crossing: Crossing | None, fixed: FixedCost | None = None
) -> Drawing | None:
    """None without two days on which the driver is known. Both axes are logarithmic: there a power is a straight line."""
    measure, driver = (fit.measure, fit.driver) if fit else (Measure.DURATION, DEFAULT_DRIVER)
    points = [
        (day, day.drivers[driver], cost_of(day, measure)) for day in days if day.drivers.get(driver, 0) > 0
    ]
    if len(points) < 2:  # noqa: PLR2004 - one tells nothing of growth
        return None
    reached = crossing if fit and crossing and _is_near(crossing) else None
    across = logarithmic([x for _, x, _ in points] + ([reached.driver_at_limit] if reached else []))
    levels = [level for level in (reached and reached.limit, fixed and fixed.cost) if level]
    up = logarithmic([y for *_, y in points] + levels)
    newest = points[-1][0].day
    return Drawing(
        title=f"{words.cost(measure).capitalize()} against {words.driver(driver)}",
        words="; ".join(
            [*_words(points, measure, driver, fit, reached), *([fixed.sentence] if fixed else [])]
        ),
        marks=[_mark(point, measure, driver, newest, (across, up)) for point in points],
        across=ticks_across(across, words.about),
        up=ticks_up(up, lambda value: _written(measure, value)),
        curve=_curve(fit, across, up) if fit else "",
        limits=[level_line(up, reached.limit, _limit(reached))] if reached else [],
        fixed=[level_line(up, fixed.cost, f"{words.amount(measure, fixed.cost)} are fixed")] if fixed else [],
        kinds=[*((name, title) for _, name, title in _AGES), _OLDER],
    )


def _is_near(crossing: Crossing) -> bool:
    return crossing.driver_at_limit <= crossing.driver_now * _FURTHEST


def _limit(crossing: Crossing) -> str:
    return f"{words.amount(crossing.measure, crossing.limit)}: {crossing.limit_name}"


def _written(measure: str, value: float) -> str:
    return (
        words.duration(value) if measure in {Measure.DURATION, Measure.SLOW_DURATION} else words.about(value)
    )


def _mark(
    point: tuple[Day, float, float], measure: Measure, driver: str, newest: date, axes: tuple[Axis, Axis]
) -> Mark:
    day, x, y = point
    age = newest - day.day
    kind = next((name for span, name, _ in _AGES if age < span), _OLDER[0])
    said = f"{words.days(day)}: {words.amount(measure, y)} at {x:,.0f} {words.driver(driver)}, {day.release}"
    return Mark(text(axes[0].place(x)), height(axes[1], y), kind, said)


def _curve(fit: Fit, across: Axis, up: Axis) -> str:
    values = ((x, fit.at(x)) for x in across.between(_CURVE_POINTS))
    # Outside the drawing it would run along the edge.
    return " ".join(f"{text(across.place(x))},{height(up, y)}" for x, y in values if up.low <= y <= up.high)


def _words(
    points: Sequence[tuple[Day, float, float]],
    measure: Measure,
    driver: str,
    fit: Fit | None,
    reached: Crossing | None,
) -> list[str]:
    (_, first_x, first_y), (_, last_x, last_y) = points[0], points[-1]
    first, last = words.amount(measure, first_y), words.amount(measure, last_y)
    said = [f"{first} at {first_x:,.0f} {words.driver(driver)}, {last} at {last_x:,.0f}"]
    said += [words.power(fit)] if fit else []
    said += [words.headroom(reached)] if reached else []
    return said
