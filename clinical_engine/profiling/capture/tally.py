"""What a process has counted since it last wrote a batch, within bounds whatever it sends."""

from collections import Counter
from collections.abc import Mapping, Sequence
from math import log2
from threading import Lock
from typing import TypeAlias

from clinical_engine.profiling.capture.errors import OVER_LIMIT
from clinical_engine.profiling.capture.units import Execution, Place
from clinical_engine.profiling.durations import BUCKETS_PER_DOUBLING

Key: TypeAlias = tuple[str, Place | None, str]
"""A statement's text, where it was sent from and what for."""

MOST_KEYS = 5_000
MOST_TEXT = 4_000_000
# Stands for the texts of all that found no room.
OTHER = "(other statements)"


class Cell:
    """The sums of a statement's executions from one place for one origin. Times are seconds, sizes bytes."""

    __slots__ = (
        "bytes",
        "bytes_most",
        "calls",
        "durations",
        "failures",
        "longest",
        "parameters",
        "parameters_most",
        "repeated_most",
        "rows",
        "seconds",
        "timeouts",
        "values_most",
    )

    def __init__(self) -> None:
        self.calls = self.failures = self.timeouts = self.rows = 0
        self.seconds = self.longest = 0.0
        self.parameters = self.parameters_most = self.values_most = 0
        self.bytes = self.bytes_most = self.repeated_most = 0
        self.durations: dict[int, int] = {}

    def add(self, execution: Execution) -> None:
        """Add one execution. One that failed counts by its duration, too: a timeout is the slowest of all."""
        _, _, seconds, rows, parameters, values, size, sqlstate = execution
        self.calls += 1
        self.seconds += seconds
        self.longest = max(self.longest, seconds)
        self.rows += rows
        self.parameters += parameters
        self.parameters_most = max(self.parameters_most, parameters)
        self.values_most = max(self.values_most, values)
        self.bytes += size
        self.bytes_most = max(self.bytes_most, size)
        if sqlstate is not None:
            self.failures += 1
            self.timeouts += sqlstate in OVER_LIMIT
        # As `bucket_of`, without the cost of calling it.
        bucket = int(log2(seconds * 1e6) * BUCKETS_PER_DOUBLING) if seconds > 1e-6 else 0  # noqa: PLR2004 - a microsecond
        durations = self.durations
        durations[bucket] = durations.get(bucket, 0) + 1


class Tally:
    """Counts for all threads of a process."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._cells: dict[Key, Cell] = {}
        self._text = 0

    def add(
        self,
        origin: str,
        executions: Sequence[Execution],
        repeated: Counter[tuple[str, Place | None]] | None,
    ) -> None:
        """Add the executions of a unit; `repeated` tells how often it sent each statement from each place."""
        with self._lock:
            cells = self._cells
            for execution in executions:
                key = (execution[0], execution[1], origin)
                cell = cells.get(key)
                if cell is None:
                    cell = self._new_cell(key)
                cell.add(execution)
                if repeated is not None:
                    times = repeated[key[:2]]
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
