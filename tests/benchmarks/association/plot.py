"""The comparison as a picture: log-log, one panel for each thing that grows."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import matplotlib as mpl
from matplotlib.figure import Figure

if TYPE_CHECKING:
    from tests.benchmarks.association.against_django import Outcome

_PANELS = {
    "seconds": "seconds",
    "megabytes": "MB by which the client grew",
    "parameters": "most parameters of a statement",
    "values": "most values of a statement",
}
# Colours that stay apart for colour-blind readers (Okabe and Ito); Django's ways dashed, so that print keeps them apart too.
_COLOURS = ("#D55E00", "#E69F00", "#CC79A7", "#7F3C00", "#0072B2", "#56B4E9", "#009E73")
# Hollow and of several shapes: where two ways cost the same, both are seen.
_MARKERS = "osD^osD"
# What a process grows by less than this is noise, and zero has no place on a logarithmic scale.
_FLOOR = {"seconds": 0.001, "megabytes": 1.0, "parameters": 1, "values": 1}
_STYLE: Any = {"svg.fonttype": "none", "svg.hashsalt": "clinical-engine", "font.family": "sans-serif"}


def draw(path: Path, outcomes: Sequence["Outcome"], names: Mapping[str, str]) -> None:
    """Write the SVG; the same figures give the same bytes. Ways that did not end have no point."""
    with mpl.rc_context(_STYLE):
        figure = Figure(figsize=(11, 8), layout="constrained")
        for axes, (field, label) in zip(figure.subplots(2, 2).flat, _PANELS.items(), strict=True):
            axes.set(xscale="log", yscale="log", xlabel="patients", title=label)
            axes.grid(visible=True, which="major", color="#dddddd")
            for (way, name), colour, marker in zip(names.items(), _COLOURS, _MARKERS, strict=True):
                ended = [outcome for outcome in outcomes if outcome.way == way and not outcome.failure]
                axes.plot(
                    [outcome.patients for outcome in ended],
                    [max(getattr(outcome, field), _FLOOR[field]) for outcome in ended],
                    label=name,
                    color=colour,
                    marker=marker,
                    fillstyle="none",
                    linestyle="--" if name.startswith("Django") else "-",
                )
        figure.legend(*figure.axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=4)
        path.parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(path, format="svg", metadata={"Date": None, "Creator": None})
