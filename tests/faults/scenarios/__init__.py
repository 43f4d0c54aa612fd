"""All scenarios, the control first: its time is the measure of the others."""

from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic

from tests.faults.rounds import Round, Scenario
from tests.faults.scenarios import broker, clocks, database, messages, poison, releases, web, workers


@contextmanager
def _nothing(round_: Round) -> Iterator[float]:
    began = monotonic()
    round_.reach(0)
    yield began


CONTROL = Scenario(
    "control",
    "No fault.",
    "The load alone; its time from the first request to the last result is the measure of the others.",
    _nothing,
)
SCENARIOS = (
    CONTROL,
    *workers.SCENARIOS,
    *broker.SCENARIOS,
    *database.SCENARIOS,
    *web.SCENARIOS,
    *clocks.SCENARIOS,
    *messages.SCENARIOS,
    *poison.SCENARIOS,
    *releases.SCENARIOS,
)
