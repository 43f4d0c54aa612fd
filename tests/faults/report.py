"""What the rounds gave: a line for each scenario, as a table, as a page of the docs, and as JSON."""

import json
import os
import platform
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from tests.faults.latency import AT_MOST, Latency
from tests.faults.rounds import Form, Result, Scenario


@dataclass(frozen=True)
class Line:
    """A scenario's rounds together: counts are sums, the time is the longest."""

    scenario: str
    accepted: int
    sent_again: int
    started_again: int
    lost: int
    doubled: int
    differs: int
    caught_up_seconds: float
    limit_seconds: float
    met: bool
    unmet: tuple[str, ...]


def line_of(results: Sequence[Result], limit: float) -> Line:
    """The line of one scenario's rounds."""
    verdicts = [result.verdict for result in results]
    return Line(
        scenario=results[0].scenario.name,
        accepted=sum(result.accepted for result in results),
        sent_again=sum(result.resent for result in results),
        started_again=sum(result.restarts for result in results),
        lost=sum(sum(verdict.lost.values()) for verdict in verdicts),
        doubled=sum(sum(verdict.doubled.values()) for verdict in verdicts),
        differs=sum(sum(verdict.differs.values()) for verdict in verdicts),
        caught_up_seconds=round(max(result.caught_up_seconds for result in results), 1),
        limit_seconds=round(limit, 1),
        met=all(result.met(limit) for result in results),
        unmet=tuple(sentence for result in results for sentence in result.unmet),
    )


_HEADS = (
    "scenario",
    "accepted",
    "sent again",
    "started again",
    "lost",
    "doubled",
    "differs from the fold",
    "caught up in s",
    "limit in s",
    "met",
)


def table(lines: Sequence[Line]) -> str:
    """The lines as a Markdown table, readable on a terminal too."""
    rows = [_HEADS, ("---",) * len(_HEADS), *(_cells(line) for line in lines)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEADS))]
    padded = (" | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows)
    return "".join(f"| {row} |\n" for row in padded)


def _cells(line: Line) -> tuple[str, ...]:
    counts = (line.accepted, line.sent_again, line.started_again, line.lost, line.doubled, line.differs)
    times = (f"{line.caught_up_seconds:.1f}", f"{line.limit_seconds:.1f}")
    return (line.scenario, *map(str, counts), *times, "yes" if line.met else "**no**")


def sentence_about(latency: Latency) -> str:
    """The API's time with Redis hung, against its normal one."""
    return (
        f"With Redis hung, an activation takes {latency.hung:.2f} ms at p95, against {latency.normal:.2f} ms with Redis at work:"
        f" {latency.ratio:.2f} times (at most {AT_MOST:g}): {'met' if latency.met else '**missed**'}."
        f" {latency.each} activations each, in alternating blocks, one after the other, without workers."
    )


def write_json(path: Path, lines: Sequence[Line], latency: Latency) -> None:
    """Write the figures."""
    path.parent.mkdir(parents=True, exist_ok=True)
    figures = {
        "scenarios": [asdict(line) for line in lines],
        "activation_with_redis_hung": {**asdict(latency), "ratio": latency.ratio, "met": latency.met},
    }
    path.write_text(json.dumps(figures, indent=2) + "\n")


def write_page(
    path: Path, scenarios: Sequence[Scenario], lines: Sequence[Line], latency: Latency, form: Form
) -> None:
    """Write the page of the docs."""
    faults = "".join(f"| {each.name} | {each.fault} | {each.how} |\n" for each in scenarios)
    path.write_text(
        f"""\
# Faults

Written by `make faults` ({_machine()}); not edited by hand. `make faults ONLY=redis_hung` runs one and writes nothing; a short
form of all is part of `make test`.

Web, workers and scheduler run as real processes on a PostgreSQL and a Redis of their own, while clients send activations,
deactivations, re-activations and measurements of made-up patients over HTTP, in any order, some of them twice. What got no 2xx
is sent again with the same client ids until it does. A supervisor starts again what ends.

{table(lines)}
{sentence_about(latency)}

- **accepted**: facts answered with a 2xx, and jobs of the suite's own kinds, in {len(form.seeds)} rounds with other made-up data.
- **sent again**: requests that got no 2xx at first. **started again**: processes that ended by themselves.
- **lost**: what was accepted and is not stored, not fulfilled, does not count, has no observation, or whose job has no success.
- **doubled**: associations, measurements, statements, current observations, a job's successes and effects beyond the one.
- **differs from the fold**: rows of associations, coverage and current observations that are not those computed from the
  accepted facts in memory, by plain Python that shares no code with the engine's fold.
- **caught up**: the longest time from the end of the fault until everything is accepted and worked off. The limit is
  lease ({form.lease_seconds} s here, so that a kill is not waited for two minutes) + sweep interval
  ({form.sweep_seconds} s) + 1.5 times what the same load takes without a fault, from its first request to its last result.

| scenario | fault | how |
|---|---|---|
{faults}"""
    )


def _machine() -> str:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return (
        f"{os.cpu_count()} cores, {memory:.0f} GiB, Python {platform.python_version()}, {platform.system()}"
    )
