"""Resident memory of processes, as Linux counts it."""

from collections.abc import Iterable
from pathlib import Path

import psutil


def _megabytes(process_id: int, field: str) -> float:
    lines = Path(f"/proc/{process_id}/status").read_text().splitlines()
    [kilobytes] = (line.split()[1] for line in lines if line.startswith(f"{field}:"))
    return int(kilobytes) / 1024


class Growth:
    """By how much processes grow at their peak from now on."""

    def __init__(self, process_ids: Iterable[int]) -> None:
        self._before: dict[int, float] = {}
        for process_id in process_ids:
            # 5 makes the peak so far what is resident now: see proc(5).
            Path(f"/proc/{process_id}/clear_refs").write_text("5")
            self._before[process_id] = _megabytes(process_id, "VmRSS")

    def megabytes(self) -> float:
        """What all of them together grew by, each at its own peak. Raises FileNotFoundError when one has ended."""
        return sum(_megabytes(key, "VmHWM") - before for key, before in self._before.items())


def children_that_run(program: str) -> list[int]:
    """Our own descendants that have that word on their command line."""
    return [child.pid for child in psutil.Process().children(recursive=True) if program in child.cmdline()]
