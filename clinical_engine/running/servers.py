"""What the embedded servers have in common: one process, one data folder, one socket, one lock."""

import os
import signal
import subprocess
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import ClassVar, Self

from clinical_engine.running.errors import CannotRunError
from clinical_engine.running.folders import (
    FolderLock,
    discard_socket_folder,
    last_line,
    server_log,
    socket_folder,
    writable_folder,
)
from clinical_engine.running.processes import RunAs, end, kill_all, processes_in, spawn, wait_until


class EmbeddedServer(ABC):
    """A server of our own at `home`, reachable through a Unix socket in a folder that only we can enter.

    `settings` are added to our own and win over them. As a context manager it is started and stopped. On Linux it also
    ends when the thread that started it does, even by SIGKILL: start it from the main thread.
    """

    name: ClassVar[str]
    program: ClassVar[str]
    ending: ClassVar[Sequence[tuple[signal.Signals, float]]]
    """Signals to end it with, the gentlest first, each with the seconds it is given."""
    on_parent_death: ClassVar[signal.Signals]
    """What the kernel sends it when we die, on Linux."""
    default_settings: ClassVar[Mapping[str, str]]
    seconds_to_start: ClassVar[float] = 120

    def __init__(self, home: Path, settings: Mapping[str, str] | None = None) -> None:
        self.home = home.resolve()
        self.data = self.home / self.name
        self.settings = {**self.default_settings, **(settings or {})}
        self._process: subprocess.Popen[bytes] | None = None
        self._lock = FolderLock(self.home / f"{self.name}.lock")

    @abstractmethod
    def _prepare(self) -> tuple[list[str | Path], RunAs]:
        """Create what the server needs; gives its command line and who runs it."""

    @abstractmethod
    def _answers(self) -> bool:
        """Whether the server takes connections now."""

    @property
    def sockets(self) -> Path:
        """The folder that holds the server's socket."""
        return socket_folder(self.home)

    @property
    def is_running(self) -> bool:
        """Whether the process that `start` started lives."""
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int | None:
        """The id of the server's process while it runs."""
        return self._process.pid if self._process is not None and self.is_running else None

    def start(self) -> None:
        """Start, and return when it takes connections. What an unclean end left behind is cleared away first.

        Raises AlreadyRunningError when another live process runs it, CannotRunError when it does not come up.
        """
        if self.is_running:
            return
        writable_folder(self.home)
        self._lock.release()
        self._lock.acquire(f"process {os.getpid()}")
        try:
            kill_all(processes_in(self.data, self.program))
            command, run_as = self._prepare()
            with server_log(self.home, self.name) as log:
                self._process = spawn(
                    command, on_parent_death=self.on_parent_death, output=log, run_as=run_as
                )
            self._await_answer(self._process)
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """End it in order within a deadline, else by force; harmless when it does not run."""
        self._end(self.ending)

    def kill(self) -> None:
        """End it and its children at once by SIGKILL, as a crash would."""
        self._end([(signal.SIGKILL, 10)])

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _end(self, steps: Sequence[tuple[signal.Signals, float]]) -> None:
        if self._process is not None:
            end(self._process, steps)
            # Its main process may have been killed by somebody else, and its children be on their way out.
            kill_all(processes_in(self.data, self.program))
            self._process = None
            discard_socket_folder(self.home)
        self._lock.release()

    def _await_answer(self, process: subprocess.Popen[bytes]) -> None:
        wait_until(lambda: process.poll() is not None or self._answers(), seconds=self.seconds_to_start)
        if process.poll() is not None or not self._answers():
            reason = last_line(self.home, self.name)
            raise CannotRunError(f"The embedded {self.name} at {self.data} did not start: {reason}")
