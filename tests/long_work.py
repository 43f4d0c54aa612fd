"""What the tests of long work share: its command in a shell, somebody who works it off, and a lease that is lost."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import StringIO
from threading import Event
from typing import Any
from uuid import UUID

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from clinical_engine.jobs import ledger
from clinical_engine.running.environment import ROOT
from clinical_engine.running.processes import wait_until
from tests.jobs.support import elsewhere, lose_worker, other_connection, wait_for_a_lock_to_be_waited_for

Work = Callable[[], int]


class Terminal(StringIO):
    """An output that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def said(command: str, *arguments: object) -> str:
    """What the command prints on both streams."""
    output = StringIO()
    call_command(command, *map(str, arguments), stdout=output, stderr=output)
    return output.getvalue()


def refused(command: str, *arguments: object) -> tuple[int, str]:
    """The exit code of a command that fails, and its sentence."""
    with pytest.raises(CommandError) as error:
        said(command, *arguments)
    return error.value.returncode, str(error.value)


def interrupted(command: str, *arguments: object, after: int) -> tuple[int, list[str], str]:
    """The exit code of a command that is interrupted after so many lines, those lines, and what it prints then."""
    with _process(command, *arguments) as process:
        assert process.stdout is not None
        lines = [process.stdout.readline().strip() for _ in range(after)]
        process.send_signal(signal.SIGINT)
        rest = process.communicate(timeout=60)[0]
    return process.returncode, lines, rest


def interrupted_where_it_writes(command: str, *arguments: object, table: str) -> tuple[int, str]:
    """The exit code of a command that is interrupted where it has to write to the table, and all that it prints."""
    with other_connection() as cursor:
        cursor.execute(f"LOCK TABLE {table} IN SHARE MODE")
        with _process(command, *arguments) as process:
            wait_for_a_lock_to_be_waited_for()
            process.send_signal(signal.SIGINT)
            # The driver waits for the lock, whatever comes: only then the process learns of the signal.
            cursor.connection.rollback()
            text = process.communicate(timeout=60)[0]
    return process.returncode, text


@contextmanager
def _process(command: str, *arguments: object) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [sys.executable, "manage.py", command, *map(str, arguments)],
        cwd=ROOT,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def count(text: str, words: str) -> int:
    """The number behind the words in what was printed."""
    [line] = [line for line in text.splitlines() if line.strip().startswith(words)]
    return int(line.split()[-1].replace(",", ""))


@contextmanager
def worked_off(work: Work) -> Iterator[None]:
    """Somebody who works off what is due, for the length of the block."""
    is_over = Event()
    with elsewhere(lambda: wait_until(lambda: work() < 0 or is_over.is_set(), seconds=60)) as ended:
        try:
            yield
        finally:
            is_over.set()
            assert ended.result(timeout=60)


def losing_the_lease(step: Callable[..., bool], job_id: UUID, taken: list[int]) -> Callable[..., bool]:
    """The step of a job that is taken from its worker while the first one is done; `taken` gets how many jobs were."""

    def take_away() -> int:
        lose_worker(job_id)
        return ledger.return_lost()

    def slow(*args: Any) -> bool:
        more = step(*args)
        if not taken:
            with elsewhere(take_away) as future:
                taken.append(future.result(timeout=60))
        return more

    return slow
