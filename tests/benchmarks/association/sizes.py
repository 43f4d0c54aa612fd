"""How much is measured. For trying out, make it smaller by the environment."""

import os


def _size(name: str, usual: int) -> int:
    return int(os.environ.get(name, str(usual)))


FEW = _size("BENCH_FEW", 10_000)
MANY = _size("BENCH_MANY", 10_000_000)
OPERATIONS = _size("BENCH_OPERATIONS", 5_000)
ROSTER = _size("BENCH_ROSTER", 1_000_000)
ROSTER_ROUNDS = _size("BENCH_ROSTER_ROUNDS", 3)
BATCH = _size("BENCH_BATCH", 10_000)
BATCH_ROUNDS = _size("BENCH_BATCH_ROUNDS", 9)
COMPARED = tuple(_size(f"BENCH_COMPARED_{place}", 10_000 * 10**place) for place in range(3))
