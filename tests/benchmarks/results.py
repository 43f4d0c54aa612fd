"""What a benchmark gives: metrics against their targets, as a table and as JSON."""

import json
import os
import platform
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

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
    """A figure with its target from targets.json. Raises KeyError for a name that has none."""
    target = json.loads(TARGETS.read_text())[name]
    met = value <= target["at_most"]
    rounded = None if reference is None else round(reference, 3)
    return Metric(name, round(value, 3), target["unit"], target["at_most"], met, rounded)


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


def table(metrics: Sequence[Metric]) -> str:
    """The metrics as a Markdown table, readable on a terminal too."""
    rows = [("metric", "value", "target", "raw PostgreSQL", "met"), ("---",) * 5]
    for metric in metrics:
        raw = "" if metric.reference is None else f"{metric.reference:g} {metric.unit}"
        target = "" if metric.target is None else f"at most {metric.target:g} {metric.unit}"
        rows.append(
            (metric.metric, f"{metric.value:g} {metric.unit}", target, raw, "yes" if metric.met else "**no**")
        )
    widths = [max(len(row[column]) for row in rows) for column in range(5)]
    lines = (" | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows)
    return "".join(f"| {line} |\n" for line in lines)


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
