"""Sources and inputs written to hang, crash, fill or leave the engine; each is bounded in time and in memory."""

import gc
import json
import subprocess
import sys
import threading
import tracemalloc
from functools import cache

import pytest

from observations.engine import compile_script
from tests.observations.engine.attacking import CASES, MEGABYTES, MILLISECONDS, Attacked, attempt
from tests.observations.engine.attacks import ATTACKS, ESCAPES, INPUTS
from tests.observations.engine.generator_attacks import GENERATOR

GROUPS = 8


@cache
def attacked(group: int) -> tuple[list[Attacked], int]:
    """Every so-manieth attack in a process of its own, and how that process ended."""
    command = [sys.executable, "-m", "tests.observations.engine.attacking", f"{group}/{GROUPS}"]
    process = subprocess.run(command, capture_output=True, text=True, check=False)
    return [Attacked(*json.loads(line)) for line in process.stdout.splitlines()], process.returncode


def test_there_are_several_hundred_attacks() -> None:
    assert len({source for source, _ in CASES}) > 600


@pytest.mark.parametrize("group", range(GROUPS))
def test_the_process_is_alive_after_every_attack(group: int) -> None:
    attacks, code = attacked(group)
    assert code == 0
    assert len(attacks) == len(CASES[group::GROUPS])
    assert {attack.end for attack in attacks} <= {"refused", "failed", "not computable", "result"}


@pytest.mark.parametrize("group", range(GROUPS))
def test_every_attack_ends_within_its_time(group: int) -> None:
    too_long = [
        attack for attack in attacked(group)[0] if attack.milliseconds > MILLISECONDS * attack.slowness
    ]
    assert too_long == []


@pytest.mark.parametrize("group", range(GROUPS))
def test_every_attack_stays_within_its_memory(group: int) -> None:
    assert [attack for attack in attacked(group)[0] if attack.megabytes > MEGABYTES] == []


@pytest.mark.parametrize("source", ESCAPES)
def test_no_way_out_of_the_language_is_open(source: str) -> None:
    assert attempt(source) in {"refused", "failed"}


def test_attacks_end_the_same_in_a_thread_with_a_small_stack() -> None:
    sources = (*ATTACKS, *GENERATOR)
    ends: list[str] = []
    previous = threading.stack_size(1024 * 1024)
    try:
        thread = threading.Thread(target=lambda: ends.extend(attempt(source) for source in sources))
        thread.start()
        thread.join()
    finally:
        threading.stack_size(previous)
    assert len(ends) == len(sources)


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
