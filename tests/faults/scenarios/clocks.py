"""Workers whose clock is an hour off: real processes whose C library is told another time."""

import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from time import monotonic

from clinical_engine.running.environment import ROOT
from tests.faults.rounds import Round, Scenario
from tests.faults.scenarios.batches import batch_held_up

_WORKERS = ("worker", "reruns")


def _library() -> str:
    """Where libfaketime is; asked of the script that installs it where it is not there."""
    named = os.environ.get("LIBFAKETIME")
    if named:
        return named
    found = subprocess.run(
        ["bash", "clinical_engine/running/prepare.sh", "libfaketime"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return found.stdout.strip()


@contextmanager
def _off(offset: str, round_: Round) -> Iterator[float]:
    engine = round_.engine
    engine.kill(*_WORKERS)
    engine.start(*_WORKERS, LD_PRELOAD=_library(), FAKETIME=offset, FAKETIME_DONT_FAKE_MONOTONIC="1")
    round_.reach(0.5)
    with batch_held_up(round_) as pid:
        os.kill(pid, signal.SIGKILL)
    round_.reach(1)
    with engine.broker() as client:
        # No ring is left: what is lost is the sweeper's, whatever these workers think of the time.
        client.flushall()
    yield monotonic()
    engine.kill(*_WORKERS)
    engine.start(*_WORKERS)


SCENARIOS = (
    Scenario(
        "clock_ahead",
        "The clocks of all workers are an hour ahead.",
        "libfaketime +1h in both workers; one of their processes is killed in mid-batch, and Redis is emptied.",
        partial(_off, "+1h"),
    ),
    Scenario(
        "clock_behind",
        "The clocks of all workers are an hour behind.",
        "libfaketime -1h in both workers; one of their processes is killed in mid-batch, and Redis is emptied.",
        partial(_off, "-1h"),
    ),
)
