"""Messages that come more than once."""

from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic
from typing import cast

from tests.faults.rounds import Round, Scenario

_WORKERS = ("worker", "reruns")
_QUEUES = ("default", "reruns", "sweeps")


@contextmanager
def _ten_times(round_: Round) -> Iterator[float]:
    round_.reach(0.2)
    round_.engine.kill(*_WORKERS)
    with round_.engine.broker() as client:
        # A ring that was heard by nobody alive stands for all others for a second, in which a short load is over.
        for mark in client.scan_iter(match="rung:*"):
            client.delete(mark)
    round_.reach(0.8)
    with round_.engine.broker() as client:
        for queue in _QUEUES:
            messages = cast("list[bytes]", client.lrange(queue, 0, -1))
            for message in messages * 9:
                client.lpush(queue, message)
        copied = client.llen("default")
    round_.require(holds=copied >= 10, sentence="there was no message to deliver ten times")
    round_.engine.launch(*_WORKERS)
    yield monotonic()


@contextmanager
def _two_schedulers(round_: Round) -> Iterator[float]:
    engine = round_.engine
    engine.start("scheduler-second")
    both = [engine.process(name) for name in ("scheduler", "scheduler-second")]
    with engine.broker() as client:
        for percent in range(10, 101, 10):
            round_.reach(percent / 100)
            # Without rings it is the sweeps that deliver.
            client.flushall()
    yield monotonic()
    round_.wait(lambda: all(scheduler.says("Sending due task sweep") for scheduler in both))
    engine.kill("scheduler-second")


SCENARIOS = (
    Scenario(
        "message_ten_times",
        "The same message is delivered ten times.",
        "With the workers away, every message that waits in Redis is put there nine times more, byte for byte.",
        _ten_times,
    ),
    Scenario(
        "two_schedulers",
        "Two schedulers run.",
        "A second one beside the first, while Redis is emptied at every tenth of the load, so that sweeps must deliver.",
        _two_schedulers,
    ),
)
