"""What a process has counted since it last wrote a batch, within bounds whatever it sends."""

# ruff: noqa: PLR1730 - calling `max` for each would take as long as all the rest

from collections.abc import Mapping, Sequence
from math import log2
from threading import RLock
from typing import TypeAlias

from clinical_engine.common.guards import LOCK_TIMEOUT
from clinical_engine.profiling.capture.errors import ran_out_of_time
from clinical_engine.profiling.capture.places import Place, Sent
from clinical_engine.profiling.capture.units import Fields
from clinical_engine.profiling.durations import BUCKETS_PER_DOUBLING
from clinical_engine.profiling.fingerprints import OTHER

Key: TypeAlias = tuple[str, Place | None, str]
"""A statement's text, where it was sent from and what for."""

MOST_KEYS = 5_000
MOST_TEXT = 4_000_000


class Cell:
    """The sums of a statement's executions from one place for one origin. Times are seconds, sizes bytes."""

    __slots__ = (
        "bytes_most",
        "calls",
        "durations",
        "failures",
        "lock_timeouts",
        "longest",
        "parameters_most",
        "repeated_most",
        "rows",
        "seconds",
        "timeouts",
        "values_most",
    )

    def __init__(self) -> None:
        self.calls = self.failures = self.timeouts = self.lock_timeouts = self.rows = 0
        self.seconds = self.longest = 0.0
        self.parameters_most = self.values_most = self.bytes_most = 0
        # Units that send little are not counted: once is what is certain.
        self.repeated_most = 1
        self.durations: dict[int, int] = {}

    def add(self, execution: Fields) -> None:
        """Add one execution. One that failed counts by its duration, too: a timeout is the slowest of all."""
        _, _, seconds, rows, parameters, values, size, sqlstate = execution
        self.calls += 1
        self.seconds += seconds
        self.rows += rows
        if seconds > self.longest:
            self.longest = seconds
        if parameters > self.parameters_most:
            self.parameters_most = parameters
        if values > self.values_most:
            self.values_most = values
        if size > self.bytes_most:
            self.bytes_most = size
        if sqlstate is not None:
            self.failures += 1
            if ran_out_of_time(sqlstate, seconds):
                self.timeouts += 1
                self.lock_timeouts += sqlstate == LOCK_TIMEOUT
        # As `bucket_of`, without the cost of calling it.
        bucket = int(log2(seconds * 1e6) * BUCKETS_PER_DOUBLING) if seconds > 1e-6 else 0  # noqa: PLR2004 - a microsecond
        durations = self.durations
        durations[bucket] = durations.get(bucket, 0) + 1


class Tally:
    """Counts for all threads of a process."""

    def __init__(self) -> None:
        # May be taken again by the thread that has it: whatever is garbage ends there, and that may be a unit of work.
        self._lock = RLock()
        self._cells: dict[Key, Cell] = {}
        self._text = 0

    def add(
        self,
        origin: str,
        executions: Sequence[Fields],
        repeated: Mapping[Sent, int] | None,
    ) -> None:
        """Add the executions of a unit; `repeated` tells how often it sent each statement from each place."""
        with self._lock:
            cells = self._cells
            cell: Cell
            text: str | None = None
            place: Place | None = None
            for execution in executions:
                # Where many are sent, the same often comes again, as the same object: a key takes as long to look up as to add to.
                if execution[0] is not text or execution[1] is not place:
                    text, place = execution[0], execution[1]
                    key = (text, place, origin)
                    cell = cells.get(key) or self._new_cell(key)
                cell.add(execution)
            for (text, place), times in repeated.items() if repeated else ():
                key = (text, place, origin)
                cell = cells.get(key) or self._new_cell(key)
                cell.repeated_most = max(cell.repeated_most, times)

    def taken(self) -> Mapping[Key, Cell]:
        """All that was counted; the counts begin anew."""
        with self._lock:
            cells, self._cells, self._text = self._cells, {}, 0
            return cells

    def _new_cell(self, key: Key) -> Cell:
        if len(self._cells) >= MOST_KEYS or self._text > MOST_TEXT:
            return self._cells.setdefault((OTHER, None, ""), Cell())
        self._text += len(key[0])
        cell = self._cells[key] = Cell()
        return cell
