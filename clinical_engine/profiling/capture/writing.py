"""A thread of each process that writes down, now and then, what the process counted: outside of anybody's transaction."""

import atexit
import logging
import os
import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing, suppress
from typing import TypeAlias

import psycopg2
from django.conf import settings
from django.db import connection
from psycopg2.extensions import cursor as Cursor  # noqa: N812 - a class, whatever its name says

from clinical_engine.common.logs import describe_error
from clinical_engine.profiling.capture import batches, units
from clinical_engine.profiling.capture.places import Sent
from clinical_engine.profiling.capture.tally import Tally

logger = logging.getLogger(__name__)
_InRound: TypeAlias = Callable[[Cursor], None]

# Without a roll-up they pile up; beyond these they are given up.
_MOST_BATCHES = 5_000
_INSERT = """
    INSERT INTO profiling_capturedbatch (format, content)
    SELECT %s, %s WHERE (SELECT count(*) FROM (SELECT FROM profiling_capturedbatch LIMIT %s) AS waiting) < %s
"""
# While the database is away; what is older than these is given up.
_KEPT = 8
# What is left when a process ends is written if it can be by then.
_PATIENCE_AT_THE_END = 5.0


class _Writer:
    """Counts, and writes in rounds. A forked process has one of its own."""

    def __init__(self) -> None:
        self.tally = Tally()
        self.unwritten: deque[bytes] = deque(maxlen=_KEPT)
        self.rounds = threading.Lock()
        self.ended = threading.Event()
        self.thread = threading.Thread(target=self._run, name="statement-capture", daemon=True)

    def round(self) -> None:
        with self.rounds:
            if cells := self.tally.taken():
                if len(self.unwritten) == _KEPT:
                    logger.warning("What statements cost in %s is given up.", settings.CAPTURE_EVERY)
                self.unwritten.append(batches.encoded(settings.RELEASE, cells))
            if self.unwritten or _in_each_round:
                self._write()

    def _write(self) -> None:
        # A connection of a moment: one kept by each process would be idle nearly always.
        parameters = {**connection.get_connection_params(), "cursor_factory": Cursor}
        with closing(psycopg2.connect(**parameters)) as own:
            own.autocommit = True
            with own.cursor() as cursor:
                while self.unwritten:
                    cursor.execute(_INSERT, [batches.FORMAT, self.unwritten[0], _MOST_BATCHES, _MOST_BATCHES])
                    if not cursor.rowcount:
                        logger.warning("Nobody takes in what statements cost: a batch is given up.")
                    self.unwritten.popleft()
                for function in _in_each_round:
                    function(cursor)

    def _run(self) -> None:
        while not self.ended.wait(settings.CAPTURE_EVERY.total_seconds()):
            self._safe_round()
        self._safe_round()

    def end(self) -> None:
        """Have the thread write what is left. It may be waiting for a database that does not answer: nobody waits for that."""
        self.ended.set()
        if self.thread.is_alive():
            self.thread.join(_PATIENCE_AT_THE_END)

    def _safe_round(self) -> None:
        try:
            self.round()
        except Exception as error:  # noqa: BLE001 - whatever it is, the process has work to do
            logger.warning("What statements cost is not written down now: %s", describe_error(error))


_in_each_round: list[_InRound] = []
_writer: _Writer | None = None
# As the tally's: a cursor that is garbage may end, and be counted, while this thread has it.
_starting = threading.RLock()


def each_round(function: _InRound) -> None:
    """Have a function called in every round of every process, with a cursor of a connection that commits each statement."""
    _in_each_round.append(function)


def start() -> None:
    """Count from now on, and write every CAPTURE_EVERY, in this process and in those that it forks."""
    units.capture_into(_count)
    os.register_at_fork(after_in_child=_forget)
    atexit.register(end)


def flush() -> None:
    """Do a round now. Raises what the database raises."""
    _of_process().round()


def end() -> None:
    """Write what is left before the process ends, in a few seconds or not at all."""
    if _writer is not None:
        _writer.end()


def _count(
    origin: str,
    executions: Sequence[units.Fields],
    repeated: Mapping[Sent, int] | None,
) -> None:
    # Not the tally's own method: a forked process has another one.
    _of_process().tally.add(origin, executions, repeated)


def _of_process() -> _Writer:
    global _writer  # noqa: PLW0603 - one for each process is the purpose
    writer = _writer
    if writer is None:
        with _starting:
            writer = _writer
            if writer is None:
                writer = _writer = _Writer()
                # An interpreter that ends starts no more threads.
                with suppress(RuntimeError):
                    writer.thread.start()
    return writer


def _forget() -> None:
    global _writer, _starting  # the lock may have been held by a thread that is not here
    _writer, _starting = None, threading.RLock()
    units.forget()
