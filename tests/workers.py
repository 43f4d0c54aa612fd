"""Real processes of the engine on the servers of the surroundings (`os.environ`): started, awaited, ended with all children."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from clinical_engine.running.checks import HOST
from clinical_engine.running.environment import ROOT
from clinical_engine.running.processes import (
    children_of,
    end,
    kill_all,
    process_of,
    session_of,
    tethered,
    wait_until,
)
from tests.ports import free_port

START_SECONDS = 90
# A worker whose child was killed may wait its full ten seconds for the task that went with it. What a process still does at its
# end, a test has it do by `finish`.
_ENDING = ((signal.SIGTERM, 5.0),)


@dataclass(frozen=True)
class EngineProcess:
    """A started process of the engine, and the file its output goes to."""

    process: subprocess.Popen[bytes]
    log: Path
    token: str
    """What it says once it works."""

    def await_start(self) -> None:
        """Return once it works. Fails, with what it said, when it ends before or takes too long."""
        wait_until(lambda: self.says(self.token) or self.process.poll() is not None, seconds=START_SECONDS)
        assert self.says(self.token), self.log.read_text(encoding="utf-8")
        assert self.process.poll() is None, self.log.read_text(encoding="utf-8")

    def says(self, text: str) -> bool:
        """Whether the text stands in its output."""
        return text in self.log.read_text(encoding="utf-8")

    def finish(self) -> None:
        """Have it end what it does, and end. A worker may wait ten seconds for a task's end that it did not hear of yet."""
        self.process.send_signal(signal.SIGTERM)
        ended = wait_until(lambda: self.process.poll() is not None, seconds=60)
        assert ended, self.log.read_text(encoding="utf-8")

    def child_pids(self) -> list[int]:
        """The processes that do its work."""
        return [child.pid for child in children_of(self.process.pid)]


@contextmanager
def running_worker(
    log: Path,
    *,
    queues: str = "default,reruns,sweeps",
    concurrency: int = 1,
    environment: Mapping[str, str] | None = None,
    awaited: bool = True,
) -> Iterator[EngineProcess]:
    """A worker that takes rings from now on, or soon when not `awaited`; `environment` is what differs from ours."""
    arguments = ["--queues", queues, "--concurrency", str(concurrency), "--loglevel", "info"]
    # The name tells apart the workers that one test starts on the same host.
    arguments += ["--hostname", f"{log.stem}@%h", "--without-gossip", "--without-mingle"]
    # As `make run` starts it: a SIGTERM lets running tasks end.
    remapped = {"REMAP_SIGTERM": "SIGQUIT", **(environment or {})}
    with _running(log, [*_CELERY, "worker", *arguments], "ready.", remapped, awaited=awaited) as worker:
        yield worker


@contextmanager
def running_scheduler(
    log: Path, *, environment: Mapping[str, str] | None = None, awaited: bool = True
) -> Iterator[EngineProcess]:
    """A scheduler that sends the periodic tasks from now on, or soon when not `awaited`."""
    schedule = str(log.with_suffix(".schedule"))
    arguments = ["beat", "--loglevel", "info", "--schedule", schedule, "--pidfile", ""]
    with _running(
        log, [*_CELERY, *arguments], "beat: Starting...", environment or {}, awaited=awaited
    ) as scheduler:
        yield scheduler


@contextmanager
def running_web(log: Path, *, environment: Mapping[str, str] | None = None) -> Iterator[str]:
    """A web process that answers from now on; its address."""
    port = free_port()
    with running_web_at(port, log, environment=environment):
        yield f"http://{HOST}:{port}"


@contextmanager
def running_web_at(
    port: int,
    log: Path,
    *,
    threads: int = 2,
    environment: Mapping[str, str] | None = None,
    awaited: bool = True,
) -> Iterator[EngineProcess]:
    """A web process that answers at that port from now on, or soon when not `awaited`."""
    arguments = ["clinical_engine.wsgi:application", "--bind", f"{HOST}:{port}", "--no-control-socket"]
    arguments += ["--worker-class", "gthread", "--threads", str(threads)]
    with _running(log, ["gunicorn", *arguments], "Booting worker", environment or {}, awaited=awaited) as web:
        yield web


_CELERY = ["celery", "-A", "clinical_engine"]


@contextmanager
def _running(
    log: Path, command: list[str], token: str, environment: Mapping[str, str], *, awaited: bool
) -> Iterator[EngineProcess]:
    with log.open("wb") as output:
        process = subprocess.Popen(
            tethered([sys.executable, "-m", *command], on_parent_death=signal.SIGKILL),
            cwd=ROOT,
            env={**os.environ, **environment},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    started = EngineProcess(process, log, token)
    try:
        if awaited:
            started.await_start()
        yield started
    finally:
        end(process, _ENDING)
        # The children of a main process that was killed are nobody's children any more.
        kill_all(session_of(process.pid))
        assert process_of(process.pid) is None
