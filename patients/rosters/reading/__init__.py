"""Reading a roster: a stream of NDJSON or CSV in, rows for COPY out."""

from clinical_engine.common.lines import LineForm as RosterForm
from clinical_engine.common.lines import ReadingStoppedError
from patients.rosters.reading.lines import LineProblem
from patients.rosters.reading.reader import MAX_LINES, MAX_PROBLEMS, RosterReader

__all__ = ["MAX_LINES", "MAX_PROBLEMS", "LineProblem", "ReadingStoppedError", "RosterForm", "RosterReader"]
