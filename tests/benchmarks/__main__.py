"""`make bench`, `make bench ONLY=main`, `make bench ONLY=intake.flat`: all benchmarks, one, or a part. Exits 1 on a miss."""

import sys
from collections.abc import Mapping, Sequence
from inspect import getdoc
from pathlib import Path
from types import ModuleType

import django

django.setup()

from tests.benchmarks import fresh_clone, main  # noqa: E402 - they load models
from tests.benchmarks.association import against_django, batches, rosters, single  # noqa: E402
from tests.benchmarks.intake import flat, layouts, simulating, speed  # noqa: E402
from tests.benchmarks.ledger import claims, desk, latency, reruns, throughput  # noqa: E402
from tests.benchmarks.ledger.kinds import register_kinds  # noqa: E402
from tests.benchmarks.results import read_page, refresh_index, table, with_new, write, write_page  # noqa: E402
from tests.benchmarks.scripts import backfilling, engine, reading, shuffled  # noqa: E402
from tests.benchmarks.slow_queries import detection, incident, overhead, pages, storage  # noqa: E402

ROOT = Path(__file__).resolve().parents[2]
_RESULTS = ROOT / "var" / "bench"
_PAGES = ROOT / "docs" / "performance"
BENCHES: Mapping[str, Sequence[ModuleType]] = {
    "main": (main, fresh_clone),
    "ledger": (throughput, latency, claims, desk, reruns),
    "association": (single, rosters, batches, against_django),
    "intake": (speed, simulating, flat, layouts),
    "scripts": (engine, reading, shuffled, backfilling),
    "slow_queries": (overhead, detection, incident, pages, storage),
}


def run(names: list[str]) -> int:
    """Run the named benches, or of one a single part (`intake.flat`), which keeps the other parts' figures.

    0 when every target was met, 2 for a name there is none of.
    """
    chosen = [name.partition(".")[::2] for name in names] or [(name, "") for name in BENCHES]
    if unknown := [name for name, part in chosen if not _parts(name, part)]:
        print(f"No benchmark {', '.join(unknown)}, or no such part. There are: {', '.join(BENCHES)}.")
        return 2
    register_kinds()
    missed = [_run(name, part) for name, part in chosen]
    return int(any(missed))


def _parts(bench: str, part: str) -> list[ModuleType]:
    return [each for each in BENCHES.get(bench, ()) if part in {"", each.__name__.rpartition(".")[2]}]


def _run(name: str, only: str) -> bool:
    """Run a bench, or a part of it, and write its page; whether a target was missed."""
    metrics = read_page(_PAGES, name) if only else []
    for part in _parts(name, only):
        metrics = with_new(metrics, part.run())
        write(_RESULTS, name, metrics)  # what a later part's failure must not take away
    what = "\n\n".join(getdoc(part.run) or "" for part in BENCHES[name])
    print(f"\n{name}\n{table(metrics)}")
    for path in (_RESULTS / f"{name}.json", write_page(_PAGES, name, what, metrics)):
        print(f"written to {path.relative_to(ROOT)}")
    refresh_index(ROOT / "docs")
    return any(metric.met is False for metric in metrics)


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))
