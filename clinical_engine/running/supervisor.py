"""Runs the engine's processes under honcho, and ends them in order and within deadlines."""

import os
import queue
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from itertools import groupby
from typing import Any

import psutil
from honcho.manager import Manager
from honcho.printer import Printer
from honcho.process import Popen, Process

from clinical_engine.running.environment import ROOT
from clinical_engine.running.processes import children_of, kill_all, lives, process_of, session_of, tethered
from clinical_engine.running.progress import SteadyOutput
from clinical_engine.running.services import Service
from clinical_engine.running.tether import tie_to_parent

SECONDS_TO_READ_ON = 5
_SECONDS_TO_LEARN_AN_EXIT = 2


class TetheredProcess(Process):  # type: ignore[misc]  # honcho is not annotated
    """A process of honcho's that ends when the supervisor does, even by SIGKILL.

    honcho forks a reader for each program: the reader is tied to us, the program to its reader.
    """

    def __init__(self, *arguments: Any, **options: Any) -> None:  # noqa: ANN401  handed on to honcho as they are
        super().__init__(*arguments, **options)
        self._child_ctor = _tethered_program

    def run(self, events: Any = None, ignore_signals: bool = False) -> None:  # noqa: ANN401, FBT001, FBT002
        """honcho's, with the tie made first."""
        tie_to_parent(signal.SIGKILL)
        super().run(events, ignore_signals)


def _tethered_program(command: list[str], **options: Any) -> subprocess.Popen[bytes]:  # noqa: ANN401
    # SIGKILL: with the servers gone a worker asked politely may wait for its broker for ever, and nobody is left to insist. The
    # ledger takes back what it held.
    program: subprocess.Popen[bytes] = Popen(
        tethered(command, on_parent_death=signal.SIGKILL), shell=False, stdin=subprocess.DEVNULL, **options
    )
    return program


class Supervisor(Manager):  # type: ignore[misc]  # honcho is not annotated
    """honcho's manager and its prefixed output, with three differences to its loop.

    The processes are ended in the order of their rank; each has a deadline of its own; one whose main process was
    killed counts as ended even while its children keep the output open.
    """

    def __init__(self, services: Iterable[Service]) -> None:
        super().__init__(Printer(SteadyOutput(sys.stdout)))
        self._process_ctor = TetheredProcess
        self.services = sorted(services, key=lambda service: service.rank)
        for service in self.services:
            self.add_process(service.name, service.command, env=dict(service.environment), cwd=str(ROOT))

    def watch(self, stop_reason: Callable[[], str | None]) -> str:
        """Start everything and relay its output until one process ends or `stop_reason` gives a reason; the reason."""
        self._start()
        while True:
            self._relay()
            for service in self.services:
                if not self._lives(service):
                    return f"{service.name} ended by itself{self._known_exit(service)}"
            reason = stop_reason()
            if reason is not None:
                return reason

    def stop(self) -> None:
        """End everything, rank by rank, within the deadlines; nothing of ours is left behind."""
        for _, group in groupby(self.services, key=lambda service: service.rank):
            self._stop_together(list(group))
        deadline = time.monotonic() + SECONDS_TO_READ_ON
        while not self._all_stopped() and time.monotonic() < deadline:
            self._relay()
        for entry in self._processes.values():
            if "process" in entry:
                entry["process"].kill()
                entry["process"].join()

    def _stop_together(self, services: list[Service]) -> None:
        families = {service.name: self._family(service) for service in services}
        deadlines = {service.name: time.monotonic() + service.patience for service in services}
        signalled: set[str] = set()
        while waited_for := [service for service in services if self._lives(service)]:
            for service in waited_for:
                if service.name not in signalled and self._terminate(service):
                    signalled.add(service.name)
                    families[service.name] = self._family(service)
                if time.monotonic() > deadlines[service.name]:
                    self._kill(service)
            self._relay()
        kill_all(member for family in families.values() for member in family)

    def _terminate(self, service: Service) -> bool:
        """Ask the service to end; False when its id is not known yet."""
        pid = self._pid(service)
        if pid is None:
            return False
        # The main process alone, not its group: a worker's children that got the signal too would drop their jobs.
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGTERM)
        return True

    def _kill(self, service: Service) -> None:
        self._system_print(f"{service.name} did not end in {service.patience:.0f} s: killing it\n")
        kill_all(self._family(service))
        if self._pid(service) is None:
            self._processes[service.name]["process"].kill()

    def _relay(self) -> None:
        """Print what the processes say, and note their starts and ends; waits a tenth of a second for something."""
        try:
            message = self.events.get(timeout=0.1)
        except queue.Empty:
            return
        if message.type == "line":
            self._printer.write(message)
        elif message.type == "start":
            self._processes[message.name]["pid"] = message.data["pid"]
        elif message.type == "stop":
            self._processes[message.name]["returncode"] = message.data["returncode"]

    def _lives(self, service: Service) -> bool:
        """Whether the service's main process lives, or has not told its id yet."""
        if self._exit_code(service) is not None:
            return False
        pid = self._pid(service)
        if pid is None:
            return bool(self._processes[service.name]["process"].is_alive())
        # Dead but not yet waited for: its reader still reads from the children that hold the output open.
        process = process_of(pid)
        return process is not None and lives(process)

    def _family(self, service: Service) -> list[psutil.Process]:
        pid = self._pid(service)
        # The session too: the children of a process that was killed are nobody's children any more.
        return [] if pid is None else [*children_of(pid), *session_of(pid)]

    def _pid(self, service: Service) -> int | None:
        pid: int | None = self._processes[service.name].get("pid")
        return pid

    def _known_exit(self, service: Service) -> str:
        # Its reader tells it when the output ends: in a moment, or never while children of a killed process keep that open.
        deadline = time.monotonic() + _SECONDS_TO_LEARN_AN_EXIT
        while (code := self._exit_code(service)) is None and time.monotonic() < deadline:
            self._relay()
        return "" if code is None else f" with exit code {code}"

    def _exit_code(self, service: Service) -> int | None:
        code: int | None = self._processes[service.name].get("returncode")
        return code
