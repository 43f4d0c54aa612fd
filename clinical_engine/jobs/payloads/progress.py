"""How far a long reading is: a bar on a terminal, a plain line now and then elsewhere."""

import sys
from collections.abc import Iterable, Iterator
from io import TextIOBase
from typing import TypeVar

from tqdm import tqdm

_LINE_EVERY = 100_000
_Thing = TypeVar("_Thing")


def with_progress(things: Iterable[_Thing], total: int, output: TextIOBase) -> Iterator[_Thing]:
    """The things, with progress shown on `output` while they are taken.

    A bar goes to the process's error stream: it redraws its line, which Django's wrappers of output would break.
    """
    if output.isatty():
        yield from tqdm(
            things, desc="reading", total=total, unit=" payloads", unit_scale=True, file=sys.stderr
        )
        return
    for number, thing in enumerate(things, start=1):
        yield thing
        if number % _LINE_EVERY == 0:
            output.write(f"{number:,} of {total:,} payloads\n")
