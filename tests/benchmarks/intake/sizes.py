"""How much is measured. For trying out, make it smaller by the environment."""

from tests.benchmarks.sizes import size

PATIENTS = size("BENCH_PATIENTS", 2_000)
ROUNDS = size("BENCH_INTAKE_ROUNDS", 9)
FEW = size("BENCH_FEW_MEASUREMENTS", 20_000)
MANY = size("BENCH_MANY_MEASUREMENTS", 20_000_000)
# Among so many patients, that each has at most a few thousand.
AMONG = size("BENCH_AMONG", 5_000)
OPERATIONS = size("BENCH_INTAKE_OPERATIONS", 3_000)
MEMORY = size("BENCH_MEMORY_MEASUREMENTS", 1_000_000)
SIMULATED_SECONDS = size("BENCH_SIMULATED_SECONDS", 60)
LAID_OUT = size("BENCH_LAID_OUT", 10_000_000)
