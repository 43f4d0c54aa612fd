"""Sources and inputs written to hang, crash, fill or leave the engine; each is bounded in time and in memory."""

import gc
import threading
import time
import tracemalloc
from collections.abc import Callable
from functools import partial

import pytest

from observations.engine import NotComputable, ScriptFailed, ScriptRefused, compile_script
from tests.observations.engine.attacks import ATTACKS, ESCAPES, INPUTS

SECONDS = 0.1
MEGABYTES = 64
TRIES = 5
"""A machine that others use is slow now and then; the best of a few tries is the engine's own time."""


def attempt(source: str) -> str:
    """Compile and run a source; gives how that ended. Any other exception is the test's failure."""
    try:
        compile_script(source, INPUTS.keys()).run(INPUTS)
    except ScriptRefused:
        return "refused"
    except ScriptFailed:
        return "failed"
    except NotComputable:
        return "not computable"
    return "result"


def fastest(act: Callable[[], object]) -> float:
    """Give the seconds of work of the first try that is within bounds, or of the fastest of several."""
    best = float("inf")
    for _ in range(TRIES):
        begun = time.thread_time()
        act()
        best = min(best, time.thread_time() - begun)
        if best <= SECONDS:
            break
    return best


def peak_megabytes(act: Callable[[], object]) -> float:
    tracemalloc.start()
    try:
        act()
        return tracemalloc.get_traced_memory()[1] / 1e6
    finally:
        tracemalloc.stop()


def test_there_are_several_hundred_attacks() -> None:
    assert len(set(ATTACKS)) > 500


@pytest.mark.parametrize("group", range(20))
def test_every_attack_ends_within_its_time(group: int) -> None:
    seconds = {source[:80]: fastest(partial(attempt, source)) for source in ATTACKS[group::20]}
    assert [source for source, needed in seconds.items() if needed > SECONDS] == []


@pytest.mark.parametrize("group", range(20))
def test_every_attack_stays_within_its_memory(group: int) -> None:
    megabytes = {source[:80]: peak_megabytes(partial(attempt, source)) for source in ATTACKS[group::20]}
    assert [source for source, needed in megabytes.items() if needed > MEGABYTES] == []


@pytest.mark.parametrize("source", ESCAPES)
def test_no_way_out_of_the_language_is_open(source: str) -> None:
    assert attempt(source) in {"refused", "failed"}


def test_attacks_end_the_same_in_a_thread_with_a_small_stack() -> None:
    ends: list[str] = []
    previous = threading.stack_size(1024 * 1024)
    try:
        thread = threading.Thread(target=lambda: ends.extend(attempt(source) for source in ATTACKS))
        thread.start()
        thread.join()
    finally:
        threading.stack_size(previous)
    assert len(ends) == len(ATTACKS)


def test_many_runs_leave_nothing_behind() -> None:
    script = compile_script('a = [i * 2 for i in xs if i > 3]\nresult = {"sum": sum(a), "n": len(a)}', ["xs"])

    def work() -> None:
        for _ in range(100):
            script.run({"xs": INPUTS["xs"]})

    work()
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        work()
        gc.collect()
        assert tracemalloc.get_traced_memory()[0] - before < 100_000
    finally:
        tracemalloc.stop()
