"""What several tests of this folder need."""

import os
import signal
import subprocess
import sys
from contextlib import closing, suppress
from pathlib import Path
from typing import IO, Any, TypeAlias

import psutil
import psycopg2

from clinical_engine.running.environment import ROOT
from clinical_engine.running.processes import tethered

Launched: TypeAlias = subprocess.Popen[str]


def processes_about(home: Path) -> list[str]:
    """The command lines of all living processes that name `home`, or work in it, other than ours."""
    found = []
    for process in psutil.process_iter():
        try:
            if str(home) in " ".join(process.cmdline()) or process.cwd().startswith(str(home)):
                found.append(" ".join(process.cmdline()))
        except psutil.Error:
            continue
    return found


def rows(url: str, statement: str, *parameters: object) -> list[Any]:
    """The rows of one statement in a transaction of its own."""
    with closing(psycopg2.connect(url)) as connection, connection, connection.cursor() as cursor:
        cursor.execute(statement, parameters or None)
        return cursor.fetchall() if cursor.description else []


def launch(*arguments: str, output: IO[str] | None = None, **variables: str) -> Launched:
    """`python -m clinical_engine.running ARGUMENTS`, in a process group of its own, as a shell starts it.

    Its output goes to `output`, or is given by `outcome`.
    """
    return subprocess.Popen(
        # Tethered, so that a test that fails or is interrupted leaves no engine running.
        tethered(
            [sys.executable, "-m", "clinical_engine.running", *arguments], on_parent_death=signal.SIGTERM
        ),
        cwd=ROOT,
        env={**_plain_environment(), **variables},
        stdin=subprocess.DEVNULL,
        stdout=output or subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def outcome(process: Launched, seconds: float = 120) -> tuple[int, str]:
    """Exit code and output of a launched process."""
    output, _ = process.communicate(timeout=seconds)
    return process.returncode, output


def _plain_environment() -> dict[str, str]:
    ours = (
        "DATABASE_URL",
        "DATABASE_OWNER_URL",
        "REDIS_URL",
        "SECRET_KEY",
        "VAR_DIR",
        "CLINICAL_ENGINE_MODE",
        "PORT",
    )
    return {name: value for name, value in os.environ.items() if name not in ours}


def processes_with(**variables: str) -> list[str]:
    """The command lines of all living processes that were started with these variables in their environment."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error, OSError):
            if variables.items() <= process.environ().items():
                found.append(" ".join(process.cmdline()))
    return found
