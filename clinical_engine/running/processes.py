"""Starting processes that die with us, and ending them within a deadline."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import IO, TypeVar

import psutil

TETHER = Path(__file__).with_name("tether.py")
POLL_SECONDS = 0.02
Answer = TypeVar("Answer")


@dataclass(frozen=True)
class RunAs:
    """Who a program runs as: `prefix` precedes its command line, `user` and `group` are ids to change to."""

    prefix: tuple[str, ...] = ()
    user: int | None = None
    group: int | None = None
    owner: int = field(default_factory=os.geteuid)
    """The id that must own the files the program insists on owning."""


def tethered(
    command: Sequence[str | Path], *, on_parent_death: signal.Signals, run_as: RunAs | None = None
) -> list[str]:
    """The command line that runs `command` (an absolute path first) and signals it when this process dies."""
    run_as = run_as or RunAs()
    user = "-" if run_as.user is None else str(run_as.user)
    group = "-" if run_as.group is None else str(run_as.group)
    # -I and -S: neither the caller's environment nor site-packages slow or change the few lines of the tether.
    python = [
        sys.executable,
        "-I",
        "-S",
        str(TETHER),
        str(os.getpid()),
        str(int(on_parent_death)),
        user,
        group,
    ]
    return [*run_as.prefix, *python, *map(str, command)]


def spawn(
    command: Sequence[str | Path],
    *,
    on_parent_death: signal.Signals,
    output: IO[bytes],
    run_as: RunAs | None = None,
) -> subprocess.Popen[bytes]:
    """Start `command` in a session of its own, where a terminal's Ctrl-C does not reach it.

    On Linux it gets `on_parent_death` when the thread that called this ends: call it from the main thread.
    """
    return subprocess.Popen(  # noqa: S603  the command is our own, and there is no shell
        tethered(command, on_parent_death=on_parent_death, run_as=run_as),
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )


def run_quietly(
    command: Sequence[str | Path],
    *,
    environment: Mapping[str, str] | None = None,
    run_as: RunAs | None = None,
) -> subprocess.CompletedProcess[str]:
    """Run `command` to its end, without a terminal; the result holds its output. Killed when we are."""
    return subprocess.run(  # noqa: S603  the command is our own, and there is no shell
        tethered(command, on_parent_death=signal.SIGKILL, run_as=run_as),
        env=None if environment is None else dict(environment),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        start_new_session=True,
    )


def wait_until(condition: Callable[[], bool], *, seconds: float) -> bool:
    """Whether `condition` became true within `seconds`."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(POLL_SECONDS)
    return True


def end(process: subprocess.Popen[bytes], steps: Iterable[tuple[signal.Signals, float]]) -> None:
    """End `process` and all its children: each signal in turn with its seconds of patience, then SIGKILL."""
    family = [process_of(process.pid), *children_of(process.pid)]
    for number, seconds in steps:
        if process.poll() is None:
            process.send_signal(number)
        if wait_until(lambda: process.poll() is not None, seconds=seconds):
            break
    if process.poll() is None:
        process.kill()
        process.wait()
    kill_all(member for member in family if member is not None)


def kill_all(members: Iterable[psutil.Process]) -> None:
    """SIGKILL every process that still lives, and wait until they are gone."""
    living = [member for member in members if lives(member)]
    for member in living:
        with suppress(psutil.NoSuchProcess):
            member.kill()
    wait_until(lambda: not any(lives(member) for member in living), seconds=10)


def lives(process: psutil.Process) -> bool:
    """Whether the process runs: one that is dead but not yet waited for by its parent does not."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def process_of(pid: int) -> psutil.Process | None:
    """The process with that id, or None when there is none."""
    try:
        return psutil.Process(pid)
    except psutil.NoSuchProcess:
        return None


def children_of(pid: int) -> list[psutil.Process]:
    """All living descendants of a process; none when it is gone."""
    process = process_of(pid)
    try:
        return process.children(recursive=True) if process else []
    except psutil.NoSuchProcess:
        return []


def processes_in(folder: Path, program: str) -> list[psutil.Process]:
    """Every process of that program whose working folder is `folder`: what an unclean end left behind."""
    return [
        process
        for process in psutil.process_iter()
        if _asked(process.name) == program and _asked(process.cwd) == str(folder)
    ]


def session_of(leader: int) -> list[psutil.Process]:
    """Every process in the session that the process with that id began, itself included while it lives."""
    return [process for process in psutil.process_iter() if _asked(partial(os.getsid, process.pid)) == leader]


def _asked(question: Callable[[], Answer]) -> Answer | None:
    """The answer, or None where the process has just ended or is not ours to ask."""
    try:
        return question()
    except (psutil.Error, OSError):
        return None
