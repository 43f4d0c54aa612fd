"""How much is measured. For trying out, make it smaller by the environment."""

from tests.benchmarks.sizes import size

FEW = size("BENCH_FEW", 10_000)
MANY = size("BENCH_MANY", 10_000_000)
OPERATIONS = size("BENCH_OPERATIONS", 5_000)
ROSTER = size("BENCH_ROSTER", 1_000_000)
ROSTER_ROUNDS = size("BENCH_ROSTER_ROUNDS", 3)
BATCH = size("BENCH_BATCH", 10_000)
BATCH_ROUNDS = size("BENCH_BATCH_ROUNDS", 9)
COMPARED = tuple(size(f"BENCH_COMPARED_{place}", 10_000 * 10**place) for place in range(3))
