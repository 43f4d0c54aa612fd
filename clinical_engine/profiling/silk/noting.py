"""What is noted of the statements of one recorded request, batch or task: their shapes, within bounds."""

import linecache
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache
from pathlib import Path
from types import FrameType

from django.utils import timezone

from clinical_engine.profiling.capture import units
from clinical_engine.profiling.fingerprints import shape_of

MOST_STATEMENTS = 1_000
LONGEST_TRACEBACK = 4_000
_FRAMES = 40
_PROFILING = str(Path(__file__).parents[1])
_shape = lru_cache(maxsize=2_000)(shape_of)


@dataclass(frozen=True, slots=True)
class NotedStatement:
    """One execution; `traceback` has two lines for each frame, the innermost first."""

    shape: str
    begun_at: datetime
    ended_at: datetime
    traceback: str


@dataclass(slots=True)
class Noted:
    """The statements so far. After the first 1,000 they are counted only."""

    statements: list[NotedStatement] = field(default_factory=list)
    times: Counter[str] = field(default_factory=Counter)
    """By fingerprint."""
    left_out: int = 0
    left_out_time: timedelta = timedelta(0)

    def add(self, execution: units.Execution) -> None:
        """Note a statement that has just ended."""
        taken, now = timedelta(seconds=execution.seconds), timezone.now()
        if len(self.statements) >= MOST_STATEMENTS:
            self.left_out += 1
            self.left_out_time += taken
            return
        # Values are bound, not written into a text. Its shape holds none even where somebody did, and is never long.
        shape = _shape(execution.text)
        self.times[shape.fingerprint] += 1
        self.statements.append(NotedStatement(shape.text, now - taken, now, _traceback()))

    @property
    def number(self) -> int:
        """How many statements there were in all."""
        return len(self.statements) + self.left_out


@contextmanager
def noting() -> Iterator[Noted]:
    """Note what this thread sends in here, unless it belongs to a unit of work that begins in here."""
    noted = Noted()
    with units.overheard(noted.add):
        yield noted


def _traceback() -> str:
    lines: list[str] = []
    length = 0
    frame: FrameType | None = sys._getframe(2)  # noqa: SLF001 - the standard library's formatting takes ten times as long
    while frame is not None and len(lines) < _FRAMES:
        code = frame.f_code
        if not code.co_filename.startswith(_PROFILING):
            source = linecache.getline(code.co_filename, frame.f_lineno).strip()
            line = f'  File "{code.co_filename}", line {frame.f_lineno}, in {code.co_name}\n    {source}\n'
            length += len(line)
            if length > LONGEST_TRACEBACK:
                break
            lines.append(line)
        frame = frame.f_back
    return "".join(lines)
