"""Captured statements as lines of text: as wide as they are, for a terminal, a pipe or a mail alike."""

from collections.abc import Iterable, Iterator, Sequence

from clinical_engine.profiling.admin import words
from clinical_engine.profiling.admin.fixed_cost import fixed_cost
from clinical_engine.profiling.admin.verdicts import sentence, verdict_of
from clinical_engine.profiling.durations import percentile, unpacked
from clinical_engine.profiling.models import Caller, CapturedStatement, Finding, StatementDay

_HEADERS = (
    "FINGERPRINT",
    "TIME 7D",
    "CALLS",
    "P95 NOW",
    "7D",
    "90D",
    "GROWTH",
    "MOST",
    "REPEATED",
    "SENT BY",
)
_CALLER_HEADERS = ("SENT BY", "FROM", "CALLS", "TIME", "REPEATED")
_DAY_HEADERS = (
    "DAY",
    "CALLS",
    "MEDIAN",
    "P95",
    "LONGEST",
    "ROWS",
    "PARAMETERS",
    "VALUES",
    "TIMEOUTS",
    "RELEASE",
)
_SHAPE_SHOWN = 120


def table(headers: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """Lines with columns of one width each."""
    lines = [headers, *rows]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for line in lines:
        yield "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()


def ranking(statements: Sequence[tuple[CapturedStatement, Sequence[Finding]]]) -> Iterator[str]:
    """A line of figures for each statement, and below it the beginning of its shape, its headroom, and what is open about it."""
    lines = table(_HEADERS, [_figures(statement) for statement, _ in statements])
    yield next(lines)
    for line, (statement, findings) in zip(lines, statements, strict=True):
        yield line
        yield f"    {_beginning(statement.shape)}"
        verdict = verdict_of(statement)
        if verdict and verdict.crossing:
            yield f"    {words.headroom(verdict.crossing)}: {verdict.crossing.limit_name}"
        for finding in findings:
            yield f"    {finding_line(finding)}"


def page(
    statement: CapturedStatement,
    callers: Sequence[Caller],
    days: Sequence[StatementDay],
    findings: Sequence[Finding],
) -> Iterator[str]:
    """All that is known of one statement."""
    verdict = verdict_of(statement)
    yield from table(_HEADERS, [_figures(statement)])
    yield from ("", statement.shape, "", sentence(verdict))
    if fixed := fixed_cost(verdict):
        yield fixed.sentence
    yield ""
    yield from map(finding_line, findings)
    yield from ("", *table(_CALLER_HEADERS, map(_caller, callers)))
    yield from ("", *table(_DAY_HEADERS, map(_day, days)))


def finding_line(finding: Finding) -> str:
    """What was found, who looks after it, and until when."""
    if finding.closed_at is not None:
        why = f" ({finding.closed_because})" if finding.closed_because else ""
        return f"settled {finding.closed_at:%Y-%m-%d}: {finding.told}{why}"
    owner = finding.owner.get_username() if finding.owner else "nobody yet"
    note = f" ({finding.note})" if finding.note else ""
    return f"{finding.get_kind_display()}, due {finding.due_on}, {owner}: {finding.told}{note}"


def _figures(statement: CapturedStatement) -> Sequence[str]:
    exponent = statement.exponent
    return (
        statement.fingerprint,
        words.duration(statement.time_week_us),
        f"{statement.calls_week:,}",
        words.duration(statement.p95_now_us),
        words.duration(statement.p95_week_us),
        words.duration(statement.p95_quarter_us),
        statement.outlook if exponent is None else f"{statement.outlook} {exponent:.2f}",
        f"{statement.parameters_most:,}/{statement.values_most:,}",
        f"{statement.repeated_most:,}",
        statement.origin or "-",
    )


def _caller(caller: Caller) -> Sequence[str]:
    return (
        caller.origin or "-",
        caller.place or "-",
        f"{caller.calls:,}",
        words.duration(caller.time_us),
        f"{caller.repeated_most:,}",
    )


def _day(day: StatementDay) -> Sequence[str]:
    durations = unpacked(day.durations)
    return (
        f"{day.day}" if day.days == 1 else f"{day.day} and {day.days - 1} more",
        f"{day.calls:,}",
        words.duration(percentile(durations, 0.5, day.longest_us)),
        words.duration(percentile(durations, 0.95, day.longest_us)),
        words.duration(day.longest_us),
        f"{day.rows:,}",
        f"{day.parameters_most:,}",
        f"{day.values_most:,}",
        f"{day.timeouts:,}",
        day.release.name,
    )


def _beginning(shape: str) -> str:
    return shape if len(shape) <= _SHAPE_SHOWN else f"{shape[:_SHAPE_SHOWN]} ..."
