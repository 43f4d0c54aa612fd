"""Reading a roster: a stream of NDJSON or CSV in, rows for COPY out."""

from patients.rosters.reading.forms import RosterForm
from patients.rosters.reading.lines import LineProblem
from patients.rosters.reading.reader import MAX_LINES, MAX_PROBLEMS, ReadingStoppedError, RosterReader

__all__ = ["MAX_LINES", "MAX_PROBLEMS", "LineProblem", "ReadingStoppedError", "RosterForm", "RosterReader"]
