"""What became of every line, for people and as CSV. Neither ever holds a value."""

import csv
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TextIO

from observations.diabetes.clocks import ClockChange
from observations.diabetes.lines import Unreadable
from patients.services import Acceptance


class Fate(StrEnum):
    """What became of a line."""

    NEW = "new"
    ALREADY_THERE = "already_there"
    DUPLICATE = "duplicate"
    CONFLICT = "conflict"
    REFUSED = "refused"


_FATES = {
    Fate.NEW: "measurements, new",
    Fate.ALREADY_THERE: "measurements, already there",
    Fate.DUPLICATE: "duplicates within the files",
    Fate.CONFLICT: "conflicts",
    Fate.REFUSED: "refused",
}
_EXPLANATIONS: Mapping[str, str] = {
    Unreadable.EMPTY_LINE: "the line is empty",
    Unreadable.WRONG_COLUMNS: "the line has not four columns",
    Unreadable.DATE_MISSING: "the line has no date",
    Unreadable.BAD_DATE: "there is no such date, or it is not written MM-DD-YYYY",
    Unreadable.BAD_TIME: "there is no such time, or it is not written H:MM",
    Unreadable.UNKNOWN_CODE: "the code is none of 33 to 35, 48 and 57 to 72",
    Unreadable.VALUE_MISSING: "there is no value",
    Unreadable.BEYOND_METER: "the meter showed Hi or Lo instead of a number",
    Unreadable.NOT_A_NUMBER: "the value is not a number",
    Unreadable.NOT_POSITIVE: "a dose or a glucose is not above zero",
    Unreadable.EVENT_WITH_VALUE: "the value of an event is not zero",
    "in_the_future": "the time lies in the future",
    "too_early": "the time lies before 1900",
    "too_large": "the number is too large",
    "too_many_digits": "the number has too many digits",
}


@dataclass(frozen=True, slots=True)
class LineResult:
    """What became of one line.

    `refused` is the stable word for why, of a refused one; `repeats` is the earlier line of the file that says the same (of a
    duplicate) or something else (of a conflict) under the same client id.
    """

    file: str
    number: int
    fate: Fate
    refused: str = ""
    repeats: int | None = None
    clock_change: ClockChange | None = None

    @property
    def reason(self) -> str:
        """The stable word for why the line gave no measurement of its own."""
        return self.refused or self.fate

    @property
    def explanation(self) -> str:
        """The reason as words for people."""
        if self.fate is Fate.DUPLICATE:
            return f"says the same as line {self.repeats}"
        if self.fate is Fate.CONFLICT and self.repeats:
            return f"has the code and time of line {self.repeats}, but not its value"
        if self.fate is Fate.CONFLICT:
            return "its code and time were stored before with other content"
        return explain(self.refused)


@dataclass(frozen=True, slots=True)
class Report:
    """What became of every line of the files, and of the activation of every patient with a readable line."""

    files: int
    lines: Sequence[LineResult]
    activations: Mapping[Acceptance, int]

    def count(self, fate: Fate) -> int:
        """The number of lines that met this fate."""
        return sum(line.fate is fate for line in self.lines)

    def refused(self) -> dict[str, int]:
        """The number of refused lines by reason, the most frequent first."""
        counts = Counter(line.refused for line in self.lines if line.fate is Fate.REFUSED)
        return dict(counts.most_common())

    def clock_changes(self, change: ClockChange) -> int:
        """The number of lines, refused ones not among them, whose local time a clock change skipped or doubled."""
        return sum(line.clock_change is change for line in self.lines if line.fate is not Fate.REFUSED)

    def not_stored(self) -> Iterator[LineResult]:
        """The lines that gave no measurement of their own: refused, duplicate or in conflict. The same on every import."""
        return (line for line in self.lines if line.fate not in {Fate.NEW, Fate.ALREADY_THERE})


def explain(reason: str) -> str:
    """A reason as words for people; one that only the intake knows is spelt out."""
    return _EXPLANATIONS.get(reason, reason.replace("_", " "))


def write_csv(report: Report, output: TextIO) -> None:
    """Write file, line number, reason and its explanation of each line that gave no measurement of its own."""
    writer = csv.writer(output, lineterminator="\n")
    writer.writerow(["file", "line", "reason", "explanation"])
    writer.writerows([line.file, line.number, line.reason, line.explanation] for line in report.not_stored())


def summarise(report: Report) -> str:
    """The counts as a table whose rows add up to the number of lines, and what else a person should know."""
    return "\n".join(
        [*_table(report), "", _about_patients(report), _about_clocks(report), *_about_nothing_new(report)]
    )


def _table(report: Report) -> Iterable[str]:
    yield _row(f"lines in {report.files:,} files", len(report.lines))
    for fate, words in _FATES.items():
        yield _row(f"  {words}", report.count(fate))
    for reason, number in report.refused().items():
        yield f"{_row(f'    {reason}', number)}  {explain(reason)}"


def _row(words: str, number: int) -> str:
    return f"{words:<32}{number:>10,}"


def _about_patients(report: Report) -> str:
    new, known, conflicts = (report.activations.get(outcome, 0) for outcome in Acceptance)
    sentence = f"Patients: {new:,} activated, {known:,} activated by an earlier import."
    if conflicts:
        sentence += f" {conflicts:,} had been activated as of another time, which stands."
    return sentence


def _about_clocks(report: Report) -> str:
    skipped, doubled = (report.clock_changes(change) for change in ClockChange)
    return (
        f"Clock changes: lines at skipped times {skipped:,}, at times that came twice {doubled:,}; "
        "read with the offset before the change."
    )


def _about_nothing_new(report: Report) -> Iterable[str]:
    if not report.count(Fate.NEW):
        yield "Nothing was added: whatever can be read was there already."
