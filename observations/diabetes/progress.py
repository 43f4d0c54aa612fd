"""How far an import is: a bar on a terminal, plain lines elsewhere."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import TextIOBase

from tqdm import tqdm


@contextmanager
def progress_on(output: TextIOBase) -> Iterator[Callable[[int, int], object]]:
    """Give a function to be told how many readings are done, and of how many; it shows that for the length of the block.

    A bar goes to the process's error stream: it redraws its line, which Django's wrappers of output would break.
    """
    if not output.isatty():
        yield lambda done, total: output.write(f"{done:,} of {total:,} readings\n")
        return
    with tqdm(desc="importing", unit=" readings", file=sys.stderr) as bar:

        def show(done: int, total: int) -> None:
            bar.total = total
            bar.update(done - bar.n)
            bar.refresh()

        yield show
