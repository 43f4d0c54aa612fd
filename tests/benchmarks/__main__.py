"""`make bench` and `make bench ONLY=main`: run all benchmarks, or one. Exits 1 when a target is missed."""

import sys
from inspect import getdoc
from pathlib import Path

import django

django.setup()

from tests.benchmarks import fresh_clone, main  # noqa: E402 - they load models
from tests.benchmarks.association import against_django, batches, rosters, single  # noqa: E402
from tests.benchmarks.intake import flat, layouts, simulating, speed  # noqa: E402
from tests.benchmarks.ledger import claims, desk, latency, reruns, throughput  # noqa: E402
from tests.benchmarks.ledger.kinds import register_kinds  # noqa: E402
from tests.benchmarks.results import table, write, write_page  # noqa: E402

ROOT = Path(__file__).resolve().parents[2]
BENCHES = {
    "main": (main, fresh_clone),
    "ledger": (throughput, latency, claims, desk, reruns),
    "association": (single, rosters, batches, against_django),
    "intake": (speed, simulating, flat, layouts),
}


def run(names: list[str]) -> int:
    """Run the named benches; 0 when every target was met, 2 for a name there is none of."""
    if unknown := set(names) - set(BENCHES):
        print(f"No benchmark {', '.join(sorted(unknown))}. There are: {', '.join(BENCHES)}.")
        return 2
    register_kinds()
    missed = False
    for name in names or BENCHES:
        metrics = []
        for part in BENCHES[name]:
            metrics += part.run()
            write(ROOT / "var" / "bench", name, metrics)  # what a later part's failure must not take away
        what = "\n\n".join(getdoc(part.run) or "" for part in BENCHES[name])
        print(f"\n{name}\n{table(metrics)}")
        for path in (
            write(ROOT / "var" / "bench", name, metrics),
            write_page(ROOT / "docs" / "performance", name, what, metrics),
        ):
            print(f"written to {path.relative_to(ROOT)}")
        missed |= any(metric.met is False for metric in metrics)
    return int(missed)


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))
