"""The lines a person watches while the engine starts."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO


class Progress:
    """One line per step with the time it took; on a terminal the step under way shows too."""

    def __init__(self, output: TextIO | None = None) -> None:
        self.output = output or sys.stdout
        self._live = self.output.isatty()

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Show `name` while the block runs, and its time when it is done."""
        began = time.monotonic()
        if self._live:
            self._write(f"  … {name}")
        try:
            yield
        except BaseException:
            self._finish(f"  ✗ {name}", began)
            raise
        self._finish(f"  ✓ {name}", began)

    def say(self, text: str) -> None:
        """A line, or several, of its own."""
        self._write(f"{text}\n")

    def _finish(self, line: str, began: float) -> None:
        over_the_old_line = "\r\033[K" if self._live else ""
        self._write(f"{over_the_old_line}{line:<28}{time.monotonic() - began:6.1f} s\n")

    def _write(self, text: str) -> None:
        # A log or a terminal in an old encoding must not end the engine over a tick mark.
        encoding = self.output.encoding or "ascii"
        self.output.write(text.encode(encoding, errors="replace").decode(encoding))
        self.output.flush()
