"""Linking single patients while something else goes on, in a process of its own, which linking.py is."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings

from tests.benchmarks.engine import Engine
from tests.benchmarks.ledger.databases import environment_of

_PROGRAM = "tests.benchmarks.association.linking"


class Figures:
    """What it took, in milliseconds, once it has ended."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process
        self.links: list[float] = []
        self.inserts: list[float] = []
        if (said := self._read()) != "ready\n":
            raise RuntimeError(f"The process that links said {said!r}.")

    def begin(self) -> None:
        """Link from now on."""
        self._tell("go\n")

    def end(self) -> None:
        """Link no more."""
        self._tell("stop\n")
        report = json.loads(self._read())
        self.links, self.inserts = report["links"], report["inserts"]

    def _tell(self, line: str) -> None:
        if self._process.stdin is not None:
            self._process.stdin.write(line)
            self._process.stdin.flush()

    def _read(self) -> str:
        return "" if self._process.stdout is None else self._process.stdout.readline()


@contextmanager
def linking(engine: Engine) -> Iterator[Figures]:
    """A process that is ready to link other patients of the engine's submitter, until the block ends."""
    # It folds by itself. A worker that heard of its jobs would fold the same patients at the same time.
    unheard = f"{settings.REDIS_URL.partition('?')[0]}?db=1"
    with subprocess.Popen(
        [sys.executable, "-m", _PROGRAM, str(engine.caller.submitter.pk)],
        env={**os.environ, **environment_of(engine.database), "REDIS_URL": unheard},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        figures = Figures(process)
        yield figures
        figures.end()
