"""docs/performance.md: the index of what was measured, and the comparison with Django's own many-to-many field."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tests.benchmarks.results import index_of

if TYPE_CHECKING:
    from tests.benchmarks.association.against_django import Outcome

_INTRODUCTION = """# Performance

What was measured, on which machine, and by which command: a page for each benchmark, with the raw PostgreSQL figure of the same
run beside each. Written by `make bench ONLY=association`; not edited by hand.
"""
_COMPARISON = """
## Linking by Django's own many-to-many field, and by a roster

![Seconds, memory and the most parameters of a statement against the number of patients, log-log](performance/against-django.svg)

Each way in a process of its own that may use 4 GB and 300 seconds. Django's ways write to a table of their own that has only
Django's keys and constraints, as the tables' owner, without limits on time; they are given the ids. The roster is read from
NDJSON, compared and applied in this one process, as the app's role under its limits; it also writes statements, jobs and the
composite keys. `set` and the changed roster replace one patient in a hundred; `filter` counts, and the dry run compares. The
receiver of `add` does nothing: that there is one makes Django first ask which links there are, by one parameter for each. A list is
one parameter of many values, and so is the text of an array. The largest statement is counted in bytes as the driver sends it; what
a roster sends by COPY is no statement and is never held in memory.

"""
_COLUMNS = (
    "patients",
    "way",
    "time",
    "growth of the client",
    "most parameters of a statement",
    "most values of a statement",
    "largest statement",
)


def write(docs: Path, outcomes: Sequence["Outcome"], names: Mapping[str, str]) -> None:
    """Write the page anew."""
    index = index_of(docs / "performance")
    rows: list[Sequence[str]] = [
        _COLUMNS,
        ("---",) * len(_COLUMNS),
        *(_row(item, names) for item in outcomes),
    ]
    text = f"{_INTRODUCTION}\n{index}{_COMPARISON}{''.join(_aligned(rows))}"
    (docs / "performance.md").write_text(text)


def _row(outcome: "Outcome", names: Mapping[str, str]) -> Sequence[str]:
    first = f"{outcome.patients:,}", names[outcome.way]
    if outcome.failure:
        return *first, f"failed: {outcome.failure}", *[""] * 4
    return (
        *first,
        f"{outcome.seconds:.2f} s",
        f"{outcome.megabytes:.0f} MB",
        f"{outcome.parameters:,}",
        f"{outcome.values:,}",
        f"{outcome.statement_bytes:,} bytes",
    )


def _aligned(rows: Sequence[Sequence[str]]) -> Iterable[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        yield f"| {' | '.join(cells)} |\n"
