"""Several real connections at once."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from threading import Event
from time import monotonic
from typing import ParamSpec, Self, TypeVar

from django.db import connection, transaction

from clinical_engine.common.database import fetch_all

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")
PATIENCE_SECONDS = 60.0


class Threads:
    """Runs functions each in a thread with a connection of its own; use as a context, whose end waits for them."""

    def __init__(self, number: int) -> None:
        self._pool = ThreadPoolExecutor(number)
        self._running: list[Future[object]] = []

    def __enter__(self) -> Self:
        return self

    def start(
        self, function: Callable[Parameters, Result], *args: Parameters.args, **kwargs: Parameters.kwargs
    ) -> "Future[Result]":
        def with_own_connection() -> Result:
            try:
                return function(*args, **kwargs)
            finally:
                connection.close()

        future = self._pool.submit(with_own_connection)
        self._running.append(future)  # type: ignore[arg-type]
        return future

    def __exit__(self, *exception: object) -> None:
        self._pool.shutdown()
        if exception[0] is None:
            # An error in a thread is an error of the test.
            for future in self._running:
                future.result()


@contextmanager
def uncommitted(threads: Threads, write: Callable[[], object]) -> Iterator[None]:
    """`write` done in a transaction of another connection, which is committed at the end of the block."""
    written, commit = Event(), Event()

    def hold() -> None:
        with transaction.atomic():
            write()
            written.set()
            assert commit.wait(PATIENCE_SECONDS), "nobody asked for the commit"

    holding = threads.start(hold)
    try:
        wait_until(lambda: written.is_set() or holding.done())
        if holding.done():
            holding.result()
        yield
    finally:
        commit.set()
        holding.result()


def wait_until(is_so: Callable[[], bool]) -> None:
    """Return as soon as the condition holds; fail after the deadline."""
    deadline = monotonic() + PATIENCE_SECONDS
    pause = Event()
    while not is_so():
        assert monotonic() < deadline, "waited too long"
        pause.wait(0.005)


def somebody_waits_for_a_lock() -> bool:
    return bool(
        fetch_all(
            "SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock' LIMIT 1"
        )
    )
