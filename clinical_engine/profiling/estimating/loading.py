"""What is stored of statements, as the estimate wants it."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from clinical_engine.common.database import array_literal, fetch_all
from clinical_engine.profiling.durations import Durations, add_to, middle, percentile, unpacked
from clinical_engine.profiling.growth.series import Day

WEEK, QUARTER = timedelta(days=7), timedelta(days=90)


@dataclass(slots=True)
class Period:
    """All executions of some days."""

    durations: dict[int, int] = field(default_factory=dict)
    longest_us: int = 0
    timeouts: int = 0

    def add(self, durations: Durations, longest_us: int, timeouts: int) -> None:
        """Add those of a day."""
        add_to(self.durations, durations)
        self.longest_us = max(self.longest_us, longest_us)
        self.timeouts += timeouts

    @property
    def calls(self) -> int:
        """How many they are."""
        return sum(self.durations.values())

    @property
    def p95_us(self) -> float | None:
        """Microseconds that one in twenty took longer than; None without any."""
        return percentile(self.durations, 0.95, self.longest_us)


@dataclass(frozen=True, slots=True)
class History:
    """The days of a statement, and the months before them, oldest first; and the executions of the last 7 and 90 days."""

    days: list[Day] = field(default_factory=list)
    week: Period = field(default_factory=Period)
    quarter: Period = field(default_factory=Period)


def load_histories(ids: Sequence[int], today: date) -> Mapping[int, History]:
    """The history of each statement; nothing after today, when a clock was wrong."""
    readings = _readings(today)
    rows = fetch_all(
        """
        SELECT d.statement_id, d.day, d.days, d.calls, d.longest_us, d.timeouts, d.durations, d.rows, d.parameters_most,
            d.values_most, r.name
        FROM profiling_statementday d JOIN profiling_release r ON r.id = d.release_id
        WHERE d.statement_id = ANY(%s::bigint[]) AND d.day <= %s ORDER BY d.statement_id, d.day
        """,
        [array_literal(ids), today],
    )
    found = {each: History() for each in ids}
    for statement_id, day, days, calls, longest, timeouts, durations, *others in rows:
        returned, parameters, values, release = others
        if not calls:
            continue
        counts = unpacked(durations)
        history = found[statement_id]
        for period, since in ((history.week, today - WEEK), (history.quarter, today - QUARTER)):
            if day > since:
                period.add(counts, longest, timeouts)
        history.days.append(
            Day(
                day=day,
                calls=calls,
                median_us=percentile(counts, 0.5, longest) or 0.0,
                middle_us=middle(counts) or 0.0,
                p95_us=percentile(counts, 0.95, longest) or 0.0,
                rows=returned / calls,
                parameters=parameters,
                values=values,
                drivers=_mean(readings, day, days),
                release=release,
                days=days,
            )
        )
    return found


def load_origins(ids: Sequence[int]) -> Mapping[int, Sequence[str]]:
    """What each of the statements is sent for."""
    found: dict[int, list[str]] = {each: [] for each in ids}
    for statement_id, origin in fetch_all(
        "SELECT DISTINCT statement_id, origin FROM profiling_caller WHERE statement_id = ANY(%s::bigint[])",
        [array_literal(ids)],
    ):
        found[statement_id].append(origin)
    return found


def _readings(today: date) -> Mapping[date, Mapping[str, float]]:
    found: dict[date, dict[str, float]] = defaultdict(dict)
    for driver, day, value in fetch_all(
        "SELECT driver, day, value FROM profiling_driverreading WHERE day <= %s ORDER BY day", [today]
    ):
        found[day][driver] = value
    return found


def _mean(readings: Mapping[date, Mapping[str, float]], day: date, days: int) -> Mapping[str, float]:
    """Of a month the mean of its days' readings."""
    if days == 1:
        return readings.get(day, {})
    found: dict[str, list[float]] = defaultdict(list)
    for offset in range(days):
        for driver, value in readings.get(day + timedelta(days=offset), {}).items():
            found[driver].append(value)
    return {driver: sum(values) / len(values) for driver, values in found.items()}
