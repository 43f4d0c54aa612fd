"""How much is measured. For trying out, make it smaller by the environment."""

from tests.benchmarks.sizes import size

ROUNDS = size("BENCH_OVERHEAD_ROUNDS", 9)
# Of each kind, in a round and to each web.
REQUESTS = size("BENCH_OVERHEAD_REQUESTS", 1_000)
STATEMENTS = size("BENCH_MEMORY_STATEMENTS", 1_000_000)
SEED = size("BENCH_SEED", 1)
MONTHS = size("BENCH_INCIDENT_MONTHS", 36)
FINGERPRINTS = size("BENCH_FINGERPRINTS", 10_000)
# Every so many days one is lived through. With 4 or fewer, older days become months as well, which takes twice as long.
DAYS_APART = size("BENCH_INCIDENT_DAYS_APART", 7)
