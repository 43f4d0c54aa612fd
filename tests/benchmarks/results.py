"""What a benchmark gives: metrics against their targets, as a table and as JSON."""

import json
import os
import platform
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import takewhile
from pathlib import Path
from typing import Any

TARGETS = Path(__file__).with_name("targets.json")


@dataclass(frozen=True)
class Metric:
    """One measured figure. `reference` is the raw figure of the same run: what PostgreSQL alone needs for as much."""

    metric: str
    value: float
    unit: str
    target: float | None
    met: bool | None
    reference: float | None


def measured(name: str, value: float, reference: float | None = None) -> Metric:
    """A figure with its unit and target (`at_most`, `at_least` or none) from targets.json. Raises KeyError for a name not there."""
    target = _targets()[name]
    most, least = target.get("at_most"), target.get("at_least")
    met = (
        None
        if most is None and least is None
        else (most is None or value <= most) and (least is None or value >= least)
    )
    rounded = None if reference is None else round(reference, 3)
    return Metric(name, round(value, 3), target["unit"], most if least is None else least, met, rounded)


def _targets() -> dict[str, dict[str, Any]]:
    targets: dict[str, dict[str, Any]] = json.loads(TARGETS.read_text())
    return targets


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least `share` of the values do not exceed (nearest rank)."""
    ordered = sorted(values)
    return ordered[max(0, -(-int(len(ordered) * share * 1000) // 1000) - 1)]


def write(folder: Path, bench: str, metrics: Sequence[Metric]) -> Path:
    """Write the metrics to `<folder>/<bench>.json`."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{bench}.json"
    path.write_text(json.dumps([asdict(metric) for metric in metrics], indent=2) + "\n")
    return path


def read_page(folder: Path, bench: str) -> list[Metric]:
    """The metrics of the page that was written last, but for those without a target's entry by now; none where there is no page."""
    path = folder / f"{bench}.md"
    rows = [line[1:-1].split("|") for line in path.read_text().splitlines()[_HEAD:]] if path.exists() else []
    figures = [[cell.strip() for cell in row] for row in takewhile(lambda row: len(row) == _CELLS, rows)]
    return [
        measured(name, _number(value), _number(raw) if raw else None)
        for name, value, _, raw, _ in figures
        if name in _targets()
    ]


# Lines above the first row of a page's table, and its columns.
_HEAD, _CELLS = 6, 5


def _number(figure: str) -> float:
    return float(figure.split(maxsplit=1)[0].replace(",", ""))


def with_new(metrics: Sequence[Metric], new: Sequence[Metric]) -> list[Metric]:
    """The metrics with the new ones in the places of those of the same name, or at the end."""
    by_name = {metric.metric: metric for metric in (*metrics, *new)}
    return list(by_name.values())


def table(metrics: Sequence[Metric]) -> str:
    """The metrics as a Markdown table, readable on a terminal too."""
    rows = [("metric", "value", "target", "raw PostgreSQL", "met"), ("---",) * 5]
    for metric in metrics:
        raw = "" if metric.reference is None else _figure(metric.reference, metric)
        rows.append((metric.metric, _figure(metric.value, metric), _bound(metric), raw, _MET[metric.met]))
    widths = [max(len(row[column]) for row in rows) for column in range(5)]
    lines = (" | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows)
    return "".join(f"| {line} |\n" for line in lines)


_MET = {True: "yes", False: "**no**", None: ""}


def _figure(value: float, metric: Metric) -> str:
    return f"{value:,.0f} {metric.unit}" if value >= 10_000 else f"{value:g} {metric.unit}".rstrip()


def _bound(metric: Metric) -> str:
    if metric.target is None:
        return ""
    word = "at least" if "at_least" in _targets()[metric.metric] else "at most"
    return f"{word} {_figure(metric.target, metric)}"


def index_of(pages: Path) -> str:
    """A line for each page of figures in the folder, as the page above them lists them."""
    names = sorted(path.stem for path in pages.glob("*.md"))
    return "".join(f"- [{name}](performance/{name}.md): `make bench ONLY={name}`\n" for name in names)


def refresh_index(docs: Path) -> None:
    """Have the page above the figures, where there is one, list all that there are now."""
    page = docs / "performance.md"
    if page.exists():
        lines = re.sub(r"(?m)(^- \[.*\n)+", index_of(docs / "performance"), page.read_text(), count=1)
        page.write_text(lines)


def write_page(folder: Path, bench: str, what: str, metrics: Sequence[Metric]) -> Path:
    """Write the page of the docs that shows these figures, with the machine they come from."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    machine = (
        f"{os.cpu_count()} cores, {memory:.0f} GiB, Python {platform.python_version()}, {platform.system()}"
    )
    page = (
        f"# Measured: {bench}\n\nWritten by `make bench ONLY={bench}` ({machine}); not edited by hand.\n\n"
        f"{table(metrics)}\n{what}\n"
    )
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{bench}.md"
    path.write_text(page)
    return path
