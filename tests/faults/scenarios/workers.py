"""Workers that are killed."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic

from tests.faults.rounds import Round, Scenario
from tests.faults.scenarios.batches import batch_held_up


@contextmanager
def _child(round_: Round) -> Iterator[float]:
    for share in round_.shares():
        round_.reach(share)
        with batch_held_up(round_) as pid:
            os.kill(pid, signal.SIGKILL)
    yield monotonic()
    _require_that_it_struck(round_)


@contextmanager
def _main(round_: Round) -> Iterator[float]:
    for share in round_.shares():
        round_.reach(share)
        with batch_held_up(round_):
            round_.engine.crash_main("worker")
    yield monotonic()


@contextmanager
def _whole(round_: Round) -> Iterator[float]:
    for share in round_.shares():
        round_.reach(share)
        with batch_held_up(round_):
            round_.engine.crash("worker")
    yield monotonic()
    _require_that_it_struck(round_)


def _require_that_it_struck(round_: Round) -> None:
    lost = round_.engine.ask(
        "SELECT 1 FROM jobs_attempt WHERE organisation_id = %s AND outcome = 'lost' LIMIT 1",
        round_.world.organisation,
    )
    round_.require(holds=bool(lost), sentence="no job was lost with its worker: the fault struck beside it")


SCENARIOS = (
    Scenario(
        "worker_child_killed",
        "The process that works on a batch is killed in the middle of it.",
        "SIGKILL while its transaction is held up by a lock; its main process forks another one.",
        _child,
    ),
    Scenario(
        "worker_main_killed",
        "A worker's main process is killed, its children live on.",
        "SIGKILL while a batch is held up; started again at once, as a supervisor would.",
        _main,
    ),
    Scenario(
        "worker_killed_whole",
        "A worker is killed with all its processes, as with its container.",
        "SIGKILL of its session while a batch is held up; started again at once.",
        _whole,
    ),
)
