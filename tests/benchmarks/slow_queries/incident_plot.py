"""The incident as a picture: the parameters of the query, and the day foretold for its failure."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import matplotlib as mpl
from matplotlib.figure import Figure

from tests.benchmarks.slow_queries.weeks import MONTH, POLICY, Week

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_TRUE, _FORETOLD, _LIMIT = "#000000", "#0072B2", "#D55E00"
_EVERY_MONTHS = 6
_STYLE: Any = {"svg.fonttype": "none", "svg.hashsalt": "clinical-engine", "font.family": "sans-serif"}


def draw(path: Path, weeks: Sequence[Week], fails: int) -> None:
    """Write the SVG; the same figures give the same bytes."""
    with mpl.rc_context(_STYLE):
        figure = Figure(figsize=(11, 4.5), layout="constrained")
        left, right = figure.subplots(1, 2)
        _draw_parameters(left, weeks)
        _draw_days(right, weeks, fails)
        path.parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(path, format="svg", metadata={"Date": None, "Creator": None})


def _draw_parameters(axes: "Axes", weeks: Sequence[Week]) -> None:
    """The truth, and at every sixth month a line to where it was expected to end."""
    axes.set(yscale="log", xlabel="month", title="parameters of the planted query")
    axes.yaxis.set_major_formatter("{x:,.0f}")
    axes.yaxis.set_minor_formatter("{x:,.0f}")
    ran = [week for week in weeks if week.parameters]
    axes.plot(
        [week.day / MONTH for week in ran], [week.parameters for week in ran], color=_TRUE, label="bound"
    )
    axes.axhline(POLICY, color=_LIMIT, linestyle="--", label="65,535")
    told: list[Week] = []
    for week in weeks:
        if week.on is not None and (not told or week.day - told[-1].day >= _EVERY_MONTHS * MONTH):
            told.append(week)
    for week in told:
        axes.plot(
            [week.day / MONTH, (week.on or 0) / MONTH],
            [week.parameters, POLICY],
            color=_FORETOLD,
            linestyle=":",
            marker="o",
            fillstyle="none",
            label="foretold" if week is told[0] else None,
        )
    axes.legend()


def _draw_days(axes: "Axes", weeks: Sequence[Week], fails: int) -> None:
    """The month foretold, with its bounds, against the month in which it was."""
    axes.set(xlabel="month in which it was foretold", title="month in which it will fail")
    told = [week for week in weeks if week.on is not None and week.day <= fails]
    months = [week.day / MONTH for week in told]
    axes.fill_between(
        months,
        [(week.earliest if week.earliest is not None else week.on or 0) / MONTH for week in told],
        [(week.latest if week.latest is not None else week.on or 0) / MONTH for week in told],
        color=_FORETOLD,
        alpha=0.2,
        linewidth=0,
        label="earliest and latest",
    )
    axes.plot(months, [(week.on or 0) / MONTH for week in told], color=_FORETOLD, label="likely")
    axes.axhline(fails / MONTH, color=_LIMIT, linestyle="--", label="it failed")
    axes.axvline((fails - 365) / MONTH, color="#999999", linestyle=":", label="a year before")
    axes.legend()
