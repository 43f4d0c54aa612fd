"""How much is measured. For trying out, make it smaller by the environment."""

import os


def _size(name: str, usual: int) -> int:
    return int(os.environ.get(name, str(usual)))


BACKLOG = _size("BENCH_BACKLOG", 100_000)
ROUNDS = _size("BENCH_ROUNDS", 5)
SINGLE_JOBS = _size("BENCH_SINGLE_JOBS", 200)
CLAIMS = _size("BENCH_CLAIMS", 300)
FINISHED = _size("BENCH_FINISHED", 5_000_000)
DEAD = _size("BENCH_DEAD", 1_000_000)
