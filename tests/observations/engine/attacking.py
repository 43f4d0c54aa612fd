"""`python -m tests.observations.engine.attacking 3/8`: every eighth attack from the third on, measured; a line of JSON for each.

The process may not grow by more than the bound at all: beyond it Python raises MemoryError, an end that no attack may have.
"""

import json
import os
import resource
import sys
import time
from collections.abc import Mapping
from typing import NamedTuple

from observations.engine import Input, NotComputable, ScriptFailed, ScriptRefused, compile_script
from tests.benchmarks.memory import Growth
from tests.observations.engine.attacks import ATTACKS, INPUTS
from tests.observations.engine.generator_attacks import GENERATOR, ODD_INPUTS
from tests.processor import slowness, yardstick

MILLISECONDS = 100
MEGABYTES = 64
TRIES = 5
"""A machine that others use is slow now and then; the best of a few tries is the engine's own time."""

READ_ALL = "result = len([x, y, t, b]) + len(xs) + len(ts) + len(rs) + r.f1"
CASES: tuple[tuple[str, Mapping[str, Input]], ...] = (
    *((source, INPUTS) for source in (*ATTACKS, *GENERATOR)),
    *((READ_ALL, {**INPUTS, **odd}) for odd in ODD_INPUTS),
)


class Attacked(NamedTuple):
    """How an attack ended, and what it took; `source` is its beginning."""

    source: str
    end: str
    milliseconds: float
    megabytes: float
    slowness: float
    """How many times as slow as usual the processor was meanwhile."""


def attempt(source: str, inputs: Mapping[str, Input] = INPUTS) -> str:
    """Compile and run a source; gives how that ended. Any other exception is raised."""
    try:
        compile_script(source, inputs.keys()).run(inputs)
    except ScriptRefused:
        return "refused"
    except ScriptFailed:
        return "failed"
    except NotComputable:
        return "not computable"
    return "result"


def measured(source: str, inputs: Mapping[str, Input]) -> Attacked:
    """Attack until the time is within its bound, a few times at most, in turns with the yardstick; the memory is the first's."""
    growth = Growth([os.getpid()])
    end, best = _timed(source, inputs)
    megabytes = growth.megabytes()
    yardsticks = []
    for _ in range(TRIES - 1):
        if best > MILLISECONDS:
            yardsticks.append(yardstick())
            best = min(best, _timed(source, inputs)[1])
    return Attacked(source[:80], end, best, megabytes, slowness(min(yardsticks, default=0)))


def _timed(source: str, inputs: Mapping[str, Input]) -> tuple[str, float]:
    begun = time.thread_time()
    end = attempt(source, inputs)
    return end, (time.thread_time() - begun) * 1000


def _forbid_growth() -> None:
    pages = int(open("/proc/self/statm").read().split()[0])  # noqa: SIM115, PTH123  the file of a moment
    most = pages * resource.getpagesize() + MEGABYTES * 2**20
    resource.setrlimit(resource.RLIMIT_AS, (most, most))


if __name__ == "__main__":
    number, _, of = sys.argv[1].partition("/")
    _forbid_growth()
    for case in CASES[int(number) :: int(of)]:
        print(json.dumps(measured(*case)), flush=True)  # noqa: T201
