"""The engine's processes end together, in order, within their deadlines, and never outlive the supervisor."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from clinical_engine.running.environment import ROOT
from clinical_engine.running.processes import wait_until
from tests.running.support import Launched, outcome, processes_about

# Each says that it is there by a file, so that no test has to guess how long a start takes.
PATIENT = """
import os, pathlib, signal, sys, time
def end(*_):
    print("{name} ends")
    sys.exit(0)
signal.signal(signal.SIGTERM, end)
pathlib.Path("{here}/{name}.new").write_text(str(os.getpid()))
pathlib.Path("{here}/{name}.new").rename("{here}/{name}")
while True: time.sleep(0.05)
"""
STUBBORN = """
import os, pathlib, signal, subprocess, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)", "{here}"])
pathlib.Path("{here}/{name}.new").write_text(str(os.getpid()))
pathlib.Path("{here}/{name}.new").rename("{here}/{name}")
while True: time.sleep(0.05)
"""
SHORT_LIVED = """
import pathlib, sys, time
while not all(pathlib.Path("{here}", name).exists() for name in {others}): time.sleep(0.05)
sys.exit(3)
"""


@pytest.fixture
def started(tmp_path: Path) -> Iterator[list[Launched]]:
    """What a test started; ended whatever became of the test."""
    processes: list[Launched] = []
    yield processes
    for process in processes:
        process.kill()
        process.wait()
        assert process.stdout is not None
        process.stdout.close()


def supervise(started: list[Launched], here: Path, *services: tuple[str, str, int, float]) -> Launched:
    filled = [
        (name, code.replace("{here}", str(here)).replace("{name}", name), rank, patience)
        for name, code, rank, patience in services
    ]
    command = [sys.executable, "-m", "tests.running.supervise", json.dumps(filled)]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    started.append(process)
    return process


def await_start(here: Path, *names: str) -> None:
    assert wait_until(lambda: all((here / name).exists() for name in names), seconds=60)


def test_services_end_in_the_order_of_their_rank(started: list[Launched], tmp_path: Path) -> None:
    three = [(name, PATIENT, rank, 60.0) for name, rank in (("last", 3), ("first", 1), ("second", 2))]
    process = supervise(started, tmp_path, *three)
    await_start(tmp_path, "first", "second", "last")
    process.terminate()
    _, output = outcome(process)
    assert [name for name in output.split() if name in {"first", "second", "last"}][::2] == [
        "first",
        "second",
        "last",
    ]
    assert "REASON asked" in output
    assert processes_about(tmp_path) == []


def test_a_service_that_ignores_the_signal_is_killed_with_its_children(
    started: list[Launched], tmp_path: Path
) -> None:
    process = supervise(started, tmp_path, ("stubborn", STUBBORN, 1, 0.3), ("patient", PATIENT, 2, 60))
    await_start(tmp_path, "stubborn", "patient")
    process.terminate()
    _, output = outcome(process)
    assert "stubborn did not end in 0 s: killing it" in output
    assert "patient ends" in output
    assert processes_about(tmp_path) == []


def test_a_service_that_ends_by_itself_is_named_and_the_others_are_ended(
    started: list[Launched], tmp_path: Path
) -> None:
    code = SHORT_LIVED.replace("{others}", repr(["patient"]))
    process = supervise(started, tmp_path, ("short", code, 1, 60), ("patient", PATIENT, 2, 60))
    _, output = outcome(process)
    assert "REASON short ended by itself with exit code 3" in output
    assert "patient ends" in output
    assert processes_about(tmp_path) == []


def test_a_killed_service_counts_as_ended_though_its_child_lives_on(
    started: list[Launched], tmp_path: Path
) -> None:
    process = supervise(started, tmp_path, ("stubborn", STUBBORN, 1, 0.3), ("patient", PATIENT, 2, 60))
    await_start(tmp_path, "stubborn", "patient")
    os.kill(int((tmp_path / "stubborn").read_text()), signal.SIGKILL)
    _, output = outcome(process)
    assert "REASON stubborn ended by itself" in output
    assert processes_about(tmp_path) == []


def test_nothing_outlives_a_supervisor_that_is_killed(started: list[Launched], tmp_path: Path) -> None:
    process = supervise(started, tmp_path, ("one", PATIENT, 1, 60), ("two", PATIENT, 2, 60))
    await_start(tmp_path, "one", "two")
    process.kill()
    assert wait_until(lambda: processes_about(tmp_path) == [], seconds=60)


def test_an_output_that_went_away_keeps_nobody_from_ending(started: list[Launched], tmp_path: Path) -> None:
    process = supervise(started, tmp_path, ("one", PATIENT, 1, 60), ("two", PATIENT, 2, 60))
    await_start(tmp_path, "one", "two")
    assert process.stdout is not None
    process.stdout.close()
    process.terminate()
    assert process.wait(timeout=60) == 0
    assert processes_about(tmp_path) == []
