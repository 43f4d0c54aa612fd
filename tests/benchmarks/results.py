"""What a benchmark gives: metrics against their targets, as a table and as JSON."""

import json
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
    """Write the metrics to `<folder>/<bench>.json` and print them as a table."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{bench}.json"
    path.write_text(json.dumps([asdict(metric) for metric in metrics], indent=2) + "\n")
    print(f"\n{bench}\n{'metric':52} {'value':>10} {'target':>10} {'raw':>10}  met")
    for metric in metrics:
        reference = "" if metric.reference is None else f"{metric.reference:g}"
        target = f"{metric.target:g} {metric.unit}"
        print(
            f"{metric.metric:52} {metric.value:>10g} {target:>10} {reference:>10}  {'yes' if metric.met else 'NO'}"
        )
    return path
