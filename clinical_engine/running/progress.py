"""The lines a person watches while the engine starts."""

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO


class SteadyOutput:
    """An output that may go away: a closed pipe or terminal must not keep the engine from ending in order.

    What is written after that is dropped. Characters its encoding lacks become question marks.
    """

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream

    def write(self, text: str) -> None:
        """Write and show the text at once."""
        encoding = self.stream.encoding or "ascii"
        try:
            self.stream.write(text.encode(encoding, errors="replace").decode(encoding))
            self.stream.flush()
        except OSError:
            # The text stays in the stream's buffer, which Python flushes at its end, and would fail again.
            os.dup2(os.open(os.devnull, os.O_WRONLY), self.stream.fileno())

    def flush(self) -> None:
        """Nothing is ever kept back."""

    def isatty(self) -> bool:
        """Whether a person watches."""
        return self.stream.isatty()


class Progress:
    """One line per step with the time it took; on a terminal the step under way shows too."""

    def __init__(self) -> None:
        self.output = SteadyOutput(sys.stdout)
        self._live = self.output.isatty()

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Show `name` while the block runs, and its time when it is done."""
        began = time.monotonic()
        if self._live:
            self.output.write(f"  … {name}")
        try:
            yield
        except BaseException:
            self._finish(f"  ✗ {name}", began)
            raise
        self._finish(f"  ✓ {name}", began)

    def say(self, text: str) -> None:
        """A line, or several, of its own."""
        self.output.write(f"{text}\n")

    def _finish(self, line: str, began: float) -> None:
        over_the_old_line = "\r\033[K" if self._live else ""
        self.output.write(f"{over_the_old_line}{line:<28}{time.monotonic() - began:6.1f} s\n")
