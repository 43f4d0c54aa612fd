"""`exec`: one command, with throw-away servers around it."""

import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

from clinical_engine.running.environment import VAR
from clinical_engine.running.errors import CannotRunError
from clinical_engine.running.folders import ENGINE_LOCK
from clinical_engine.running.processes import tethered
from clinical_engine.running.signals import StopRequested, StopSignals
from clinical_engine.running.throwaway import free_home, surroundings


def execute(command: Sequence[str], *, home: Path | None = None, migrated: bool = True) -> int:
    """Run `command` beside fresh servers; its exit code (128 + signal when one ended it).

    Without `home` the servers live in a folder under `var/` that is removed afterwards; without `migrated` the
    database is empty. Raises CannotRunError when `home` is an engine's, whose database would have to go.
    """
    if home is not None and (home / ENGINE_LOCK).exists():
        raise CannotRunError(
            f"The folder {home} is an engine's own: its data would be lost. Name another one."
        )
    with StopSignals() as signals:
        try:
            with ExitStack() as started:
                place = started.enter_context(free_home(home or VAR / "exec", keep=home is not None))
                variables = started.enter_context(surroundings(place, migrated=migrated))
                # From here on a signal goes to the command; nothing may cut short how the servers end.
                signals.raising = False
                return _run(command, variables, signals)
        except StopRequested:
            return 128 + int(signals.received or signal.SIGINT)


def _run(command: Sequence[str], variables: Mapping[str, str], signals: StopSignals) -> int:
    process = subprocess.Popen(  # noqa: S603  running a command is what this is for
        # env looks the command up in PATH, and says so when it is not there.
        tethered(["/usr/bin/env", *command], on_parent_death=signal.SIGTERM),
        env={**os.environ, **variables},
    )
    forwarded: signal.Signals | None = None
    while True:
        try:
            code = process.wait(timeout=0.1)
        except subprocess.TimeoutExpired:
            if signals.received is not forwarded:
                forwarded = signals.received
                _forward(process, forwarded)
        else:
            return code if code >= 0 else 128 - code


def _forward(process: subprocess.Popen[bytes], number: signal.Signals | None) -> None:
    # A terminal's Ctrl-C has reached the command already, and a second one would cut short how it ends.
    if number is not None and not (number is signal.SIGINT and sys.stdin.isatty()):
        process.send_signal(number)
