"""PostgreSQL: down in the middle of a transaction."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic

from tests.faults.rounds import Round, Scenario
from tests.faults.scenarios.batches import batch_held_up


@contextmanager
def _crashed(round_: Round) -> Iterator[float]:
    server = round_.engine.servers.postgres
    for share in round_.shares():
        round_.reach(share)
        with batch_held_up(round_):
            assert server.pid is not None
            os.kill(server.pid, signal.SIGQUIT)
            round_.wait(lambda: not server.is_running)
        server.start()
    yield monotonic()


@contextmanager
def _restarted(round_: Round) -> Iterator[float]:
    server = round_.engine.servers.postgres
    for share in round_.shares():
        round_.reach(share)
        with batch_held_up(round_):
            server.stop()
        server.start()
    yield monotonic()


SCENARIOS = (
    Scenario(
        "postgres_crashed",
        "PostgreSQL goes down at once in the middle of transactions, and recovers.",
        "SIGQUIT (immediate shutdown) while a batch is held up and requests come in; then started.",
        _crashed,
    ),
    Scenario(
        "postgres_restarted",
        "PostgreSQL is restarted in order in the middle of transactions.",
        "SIGINT (fast shutdown) while a batch is held up and requests come in; then started.",
        _restarted,
    ),
)
