"""How far an import is."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import TextIOBase

from clinical_engine.common.saying import shown_on


@contextmanager
def progress_on(output: TextIOBase) -> Iterator[Callable[[int, int], object]]:
    """Give a function to be told how many readings are done, and of how many; it shows that for the length of the block."""
    with shown_on(output, "importing", "readings") as show:
        yield lambda done, total: show(f"{done:,} of {total:,} readings", done, total, "")
