"""How long a newcomer waits: `make run`, `make run` again, and `make test` in a fresh clone with a warm package cache."""

import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic, sleep

import requests

from tests.benchmarks.results import Metric, measured
from tests.ports import free_port

ROOT = Path(__file__).resolve().parents[2]
# What `running exec` set for this process must not reach the clone: it starts its own servers.
_OURS = (
    "DATABASE_URL",
    "DATABASE_OWNER_URL",
    "REDIS_URL",
    "SECRET_KEY",
    "CLINICAL_ENGINE_MODE",
    "VAR_DIR",
    "VIRTUAL_ENV",
)


def run() -> list[Metric]:
    """Seconds, of the committed state."""
    with _clone() as folder:
        first = _seconds_to_ready(folder)
        second = _seconds_to_ready(folder)
        started = monotonic()
        with (folder / "make-test.log").open("wb") as log:
            command = ["make", "test"]
            subprocess.run(command, cwd=folder, env=_environment(), stdout=log, stderr=log, check=True)
        tested = monotonic() - started
    return [
        measured("fresh clone: make run to first 200", first),
        measured("second make run to first 200", second),
        measured("fresh clone: make test", tested),
    ]


@contextmanager
def _clone() -> Iterator[Path]:
    with TemporaryDirectory() as parent:
        folder = Path(parent) / "clone"
        subprocess.run(["git", "clone", "--quiet", str(ROOT), str(folder)], check=True)
        shared = ROOT.parent / "shared"
        if shared.is_dir():
            (Path(parent) / "shared").symlink_to(shared)
        yield folder


def _environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name not in _OURS}


def _seconds_to_ready(folder: Path) -> float:
    port = free_port()
    started = monotonic()
    with (folder / "make-run.log").open("wb") as log:
        process = subprocess.Popen(
            ["make", "run", f"PORT={port}"],
            cwd=folder,
            env=_environment(),
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        try:
            while not _is_ready(port):
                if process.poll() is not None or monotonic() > started + 900:
                    raise RuntimeError(f"make run did not come up:\n{(folder / 'make-run.log').read_text()}")
                sleep(0.1)
            return monotonic() - started
        finally:
            os.killpg(process.pid, signal.SIGTERM)
            process.wait(120)


def _is_ready(port: int) -> bool:
    try:
        return requests.get(f"http://127.0.0.1:{port}/health/ready", timeout=5).status_code == 200
    except requests.ConnectionError:
        return False
