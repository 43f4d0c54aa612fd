"""How far a run is: one line that is rewritten on a terminal, plain lines elsewhere."""

import shutil
from collections.abc import Callable
from time import monotonic
from typing import Protocol

_ON_TERMINAL, _ELSEWHERE = 0.5, 5.0
Show = Callable[[Callable[[], str]], None]
"""Takes what makes a line; makes it only when one is to be shown."""


class Output(Protocol):
    """A stream of text, or Django's wrapper of one."""

    def write(self, text: str, /) -> object:
        """Write the text."""

    def flush(self) -> object:
        """Have it shown."""

    def isatty(self) -> bool:
        """Whether a person looks at it."""


class Display:
    """Shows lines on `output`, not oftener than people read them."""

    def __init__(self, output: Output) -> None:
        self._output = output
        self._is_terminal = output.isatty()
        self._every = _ON_TERMINAL if self._is_terminal else _ELSEWHERE
        self._shown_at = float("-inf")
        self._is_open = False

    def show(self, line: Callable[[], str]) -> None:
        """Show the line that `line` makes, if the last one is old enough."""
        if monotonic() - self._shown_at < self._every:
            return
        self._shown_at = monotonic()
        if self._is_terminal:
            width = shutil.get_terminal_size().columns - 1
            self._output.write(f"\r{line()[:width]:<{width}}")
            self._is_open = True
        else:
            self._output.write(f"{line()}\n")
        self._output.flush()

    def close(self) -> None:
        """Leave the line that is being rewritten."""
        if self._is_open:
            self._output.write("\n")
            self._output.flush()
            self._is_open = False
