"""Processor time: what something costs, whatever else the machine is doing meanwhile, and how fast its processor is."""

import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import process_time, thread_time

import psutil
from django.db import connection

USUAL_SECONDS = 0.005
"""What the yardstick takes on the processor that bounds in seconds are meant for."""
_YARDSTICK = "a = b.c * (d or e[1])\n" * 900


def yardstick() -> float:
    """Seconds that this thread needs for what never changes: Python compiling a text as long as the longest script."""
    begun = thread_time()
    compile(_YARDSTICK, "<yardstick>", "exec")
    return thread_time() - begun


def slowness(seconds: float) -> float:
    """How many times as slow as usual a processor is that needs so long for the yardstick; a fast one counts as usual."""
    return max(1, seconds / USUAL_SECONDS)


@contextmanager
def within(seconds: float, clock: Callable[[], float] = process_time) -> Iterator[None]:
    """Fail when the block costs more than this, as on the usual processor.

    What other tests have left in this process's memory is not walked through meanwhile.
    """
    before = yardstick()
    gc.collect()
    gc.freeze()
    try:
        begun = clock()
        yield
        spent = clock() - begun
    finally:
        gc.unfreeze()
    assert spent <= seconds * slowness(min(before, yardstick()))


def processor_seconds() -> float:
    """What this process, and the server's process of its connection, have spent so far: the latter to a hundredth of a second."""
    connection.ensure_connection()
    spent = psutil.Process(connection.connection.info.backend_pid).cpu_times()
    return process_time() + float(spent.user + spent.system)
