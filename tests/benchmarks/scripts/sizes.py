"""How much is computed. For trying out, make it smaller by the environment."""

from tests.benchmarks.sizes import size

OPERATIONS = size("BENCH_SCRIPT_OPERATIONS", 2_000)
SHUFFLED = size("BENCH_SHUFFLED", 5_000)
RESULTS = size("BENCH_BACKFILLED", 1_000_000)
"""Results that are filled back."""
