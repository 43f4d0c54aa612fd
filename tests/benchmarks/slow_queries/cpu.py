"""The processor time that capture takes of a thread, which other processes on the machine hardly change."""

from collections.abc import Callable
from statistics import median
from time import thread_time

from clinical_engine.profiling.capture import units
from clinical_engine.profiling.capture.tally import Tally
from tests.benchmarks.ledger.databases import working_on
from tests.benchmarks.slow_queries.urls import QUERIES

_ROUNDS, _WARM_UP = 150, 5


def added_microseconds(database: str, send: Callable[[], None]) -> float:
    """Of one of the queries that are sent: noting and counting it, as at the end of a request. The median of interleaved rounds."""
    tally = Tally()
    before = units.capture_into(None)
    added: list[float] = []
    try:
        with working_on(database):
            for number in range(-_WARM_UP, _ROUNDS):
                bare, counted = _seconds(send, None), _seconds(send, tally.add)
                if number >= 0:
                    added.append(counted - bare)
    finally:
        units.capture_into(before)
    return median(added) / QUERIES * 1e6


def _seconds(send: Callable[[], None], sink: units.Sink | None) -> float:
    units.capture_into(sink)
    started = thread_time()
    with units.unit_of_work("GET /queries"):
        send()
    return thread_time() - started
