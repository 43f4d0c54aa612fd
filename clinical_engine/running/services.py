"""The engine's own processes: what each runs, and how long it may take to end."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from clinical_engine.running.checks import HOST

# Celery warns root at length because messages could bring code. Ours are JSON, in containers root is usual, and the
# warning would bury what the engine has to say.
QUIET_AS_ROOT = "ignore:You're running the worker with superuser privileges"


@dataclass(frozen=True)
class Service:
    """One process under the supervisor. Services are ended by `rank`, the lowest first, those of one rank together."""

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str]
    rank: int
    patience: float
    """Seconds between SIGTERM and SIGKILL."""


def engine_services(port: int, var: Path, environment: Mapping[str, str]) -> list[Service]:
    """Web, workers and scheduler, with `environment` as their whole environment."""
    # Whatever this shell is set up for; gunicorn's processes call themselves 'web'.
    environment = {**environment, "CLINICAL_ENGINE_PROCESS": "worker"}
    # SIGTERM then means: stop taking jobs, give those under way a few seconds, put the rest back.
    worker_environment = {**environment, "REMAP_SIGTERM": "SIGQUIT", "PYTHONWARNINGS": QUIET_AS_ROOT}
    return [
        # First, so that nothing more is accepted; requests under way are answered.
        Service("web", _web(port), environment, rank=1, patience=20),
        Service("worker", _worker("worker", 2, "default,sweeps"), worker_environment, rank=2, patience=25),
        # A slot of their own, so that a bulk re-run never delays what came in just now. It takes sweeps as well: the
        # sweeper is what delivers when both slots of the other worker hang.
        Service("reruns", _worker("reruns", 1, "reruns,sweeps"), worker_environment, rank=2, patience=25),
        Service("scheduler", _scheduler(var), environment, rank=3, patience=10),
    ]


def _web(port: int) -> tuple[str, ...]:
    return (
        *(sys.executable, "-m", "gunicorn", "clinical_engine.wsgi:application"),
        *("--bind", f"{HOST}:{port}", "--worker-class", "gthread", "--workers", "2", "--threads", "4"),
        *("--timeout", "60", "--graceful-timeout", "15", "--log-level", "warning", "--no-control-socket"),
    )


def _worker(name: str, concurrency: int, queues: str) -> tuple[str, ...]:
    return (
        *(sys.executable, "-m", "celery", "--quiet", "-A", "clinical_engine", "worker"),
        *(
            "--hostname",
            f"{name}@%h",
            "--concurrency",
            str(concurrency),
            "--queues",
            queues,
            "--loglevel",
            "WARNING",
        ),
        # Workers have nothing to tell each other: the ledger is in PostgreSQL.
        *("--without-gossip", "--without-mingle"),
    )


def _scheduler(var: Path) -> tuple[str, ...]:
    return (
        *(
            sys.executable,
            "-m",
            "celery",
            "--quiet",
            "-A",
            "clinical_engine",
            "beat",
            "--loglevel",
            "WARNING",
        ),
        # No file with a process id: one left by a crash would keep the scheduler from starting.
        *("--schedule", str(var / "celerybeat-schedule"), "--pidfile", ""),
    )
