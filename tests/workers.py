"""Real Celery processes on the servers of the surroundings (`os.environ`): started, awaited, and ended with all their children."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from clinical_engine.running.environment import ROOT
from clinical_engine.running.processes import children_of, end, process_of, tethered, wait_until

START_SECONDS = 40
_ENDING = ((signal.SIGTERM, 15.0),)


@dataclass(frozen=True)
class CeleryProcess:
    """A started worker or scheduler, and the file its output goes to."""

    process: subprocess.Popen[bytes]
    log: Path

    def says(self, text: str) -> bool:
        """Whether the text stands in its output."""
        return text in self.log.read_text(encoding="utf-8")

    def child_pids(self) -> list[int]:
        """The processes that do a worker's work."""
        return [child.pid for child in children_of(self.process.pid)]


@contextmanager
def running_worker(
    log: Path,
    *,
    queues: str = "default,sweeps",
    concurrency: int = 1,
    include: str = "",
    **environment: str,
) -> Iterator[CeleryProcess]:
    """A worker that takes rings from now on. `include` names modules it imports, `environment` what differs from ours."""
    arguments = ["worker", "--queues", queues, "--concurrency", str(concurrency), "--loglevel", "info"]
    # The name tells apart the workers that one test starts on the same host.
    arguments += ["--hostname", f"{log.stem}@%h", *(["--include", include] if include else [])]
    with _running(log, arguments, "ready.", environment) as worker:
        yield worker


@contextmanager
def running_scheduler(log: Path, **environment: str) -> Iterator[CeleryProcess]:
    """A scheduler that sends the periodic tasks from now on."""
    schedule = log.with_suffix(".schedule")
    arguments = ["beat", "--loglevel", "info", "--schedule", str(schedule), "--pidfile", ""]
    with _running(log, arguments, "beat: Starting...", environment) as scheduler:
        yield scheduler


@contextmanager
def _running(
    log: Path, arguments: list[str], token: str, environment: dict[str, str]
) -> Iterator[CeleryProcess]:
    command: list[str | Path] = [sys.executable, "-m", "celery", "-A", "clinical_engine", *arguments]
    with log.open("wb") as output:
        process = subprocess.Popen(
            tethered(command, on_parent_death=signal.SIGKILL),
            cwd=ROOT,
            # As `make run` starts it: a SIGTERM lets running tasks end.
            env={**os.environ, "REMAP_SIGTERM": "SIGQUIT", **environment},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    started = CeleryProcess(process, log)
    try:
        assert wait_until(lambda: started.says(token) or process.poll() is not None, seconds=START_SECONDS)
        assert process.poll() is None, log.read_text(encoding="utf-8")
        yield started
    finally:
        end(process, _ENDING)
        assert process_of(process.pid) is None
