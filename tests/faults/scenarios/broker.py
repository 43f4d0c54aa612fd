"""Redis: killed, emptied, hung, full."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from time import monotonic

from tests.faults.engine import Engine
from tests.faults.rounds import Round, Scenario

_GIVES_IT_UP = "beat: Connection error"


@contextmanager
def _killed(round_: Round) -> Iterator[float]:
    server = round_.engine.servers.redis
    round_.reach(0.3)
    server.kill()
    round_.reach(0.7)
    server.start()
    yield monotonic()


@contextmanager
def _emptied(round_: Round) -> Iterator[float]:
    with round_.engine.broker() as client:
        for percent in range(10, 100, 5):
            round_.reach(percent / 100)
            client.flushall()
        # Now all is accepted: no ring of a later request makes up for those that are lost here.
        round_.reach(1)
        client.flushall()
    yield monotonic()


@contextmanager
def hanging(engine: Engine) -> Iterator[None]:
    """While the block runs Redis accepts connections and answers nothing."""
    pid = engine.servers.redis.pid
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGCONT)


@contextmanager
def _hung(round_: Round) -> Iterator[float]:
    round_.reach(0.3)
    with hanging(round_.engine):
        round_.reach(0.7)
        if round_.form.is_long:
            # Longer than anybody waits for an answer.
            scheduler = round_.engine.process("scheduler")
            round_.wait(lambda: scheduler.says(_GIVES_IT_UP))
    yield monotonic()


@contextmanager
def _full(round_: Round) -> Iterator[float]:
    round_.reach(0.3)
    with round_.engine.broker() as client:
        client.config_set("maxmemory", 1)
        try:
            round_.reach(0.7)
        finally:
            client.config_set("maxmemory", 0)
    yield monotonic()


SCENARIOS = (
    Scenario(
        "redis_killed",
        "Redis is killed, and comes back after a while.",
        "SIGKILL at three tenths of the load, started again at seven tenths.",
        _killed,
    ),
    Scenario(
        "redis_emptied",
        "Redis loses all that it holds, again and again.",
        "FLUSHALL at every twentieth of the load, and once more when all has been accepted.",
        _emptied,
    ),
    Scenario(
        "redis_hung",
        "Redis accepts connections and never answers.",
        "SIGSTOP at three tenths of the load, SIGCONT at seven tenths; in the long form not before the scheduler has given it up.",
        _hung,
    ),
    Scenario(
        "redis_full",
        "Redis is full and refuses every write.",
        "`maxmemory` of one byte with `noeviction`, from three to seven tenths of the load.",
        _full,
    ),
)
