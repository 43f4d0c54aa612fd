"""How far a long command is: a bar on a terminal, plain lines elsewhere."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import TextIOBase

from tqdm import tqdm

Show = Callable[[str, int, int | None, str], None]
"""Takes a line; how much is done, of how much (None: not known yet), and what stands beside the bar."""


@contextmanager
def shown_on(output: TextIOBase, verb: str, things: str) -> Iterator[Show]:
    """Give a function that shows how far it is, for the length of the block: a line only when it is another than the last."""
    if not output.isatty():
        lines = _NewLines(output)
        yield lambda line, *_: lines.say(line)
        return
    # On the process's error stream: a bar redraws its line, which Django's wrappers of output would break.
    with tqdm(desc=verb, unit=f" {things}", file=sys.stderr) as bar:

        def show(_: str, done: int, total: int | None, beside: str) -> None:
            bar.total = total
            bar.update(done - bar.n)
            bar.set_postfix_str(beside)

        yield show


def joined(*parts: str) -> str:
    """Those of the parts that are not empty, as one line."""
    return "; ".join(filter(None, parts))


class _NewLines:
    def __init__(self, output: TextIOBase) -> None:
        self._output, self._last = output, ""

    def say(self, text: str) -> None:
        if text != self._last:
            self._output.write(f"{text}\n")
            self._last = text
