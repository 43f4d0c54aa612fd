"""How well the statements of a seed are told apart, judged again and again as their days go by."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from time import thread_time

from clinical_engine.profiling.growth.estimating import estimate
from clinical_engine.profiling.growth.verdicts import Outlook, Verdict
from tests.benchmarks.slow_queries.generator import Statement, statements
from tests.benchmarks.slow_queries.oracle import missed_at_best
from tests.benchmarks.slow_queries.world import LAST_JUDGED, World

_FIRST_JUDGED = 30


@dataclass(frozen=True)
class Scored:
    """What became of a statement: on which day it was first said to grow, if ever, and how far its limit was then."""

    kind: str
    grows: bool
    flagged: int | None
    days_ahead: int = 0
    factor_ahead: float = 0.0
    headroom: float | None = None
    """Of one that grows, the patients at the limit as told on its deadline, against those there will be."""
    missed_at_best: float = 0.0
    """The chance that an oracle misses it."""

    @property
    def right(self) -> bool:
        """Flagged in time, or never where it does not grow."""
        return (self.flagged is not None) is self.grows


@dataclass(frozen=True)
class Score:
    """All of a seed."""

    seed: int
    statements: Sequence[Scored]
    milliseconds: float
    """Of processor time for a verdict, on average."""

    def of(self, kind: str) -> list[Scored]:
        """Those of a kind."""
        return [each for each in self.statements if each.kind == kind]

    @property
    def missed(self) -> int:
        """Statements that grow and were not flagged in time."""
        return sum(each.grows and not each.right for each in self.statements)

    @property
    def false_alarms(self) -> int:
        """Statements that were flagged on some day without growing."""
        return sum(not each.grows and not each.right for each in self.statements)


class _Judge:
    def __init__(self) -> None:
        self.seconds = 0.0
        self.verdicts = 0

    def verdict(self, statement: Statement, day: int) -> Verdict:
        history = statement.history(day)
        started = thread_time()
        verdict = estimate(history, statement.limits)
        self.seconds += thread_time() - started
        self.verdicts += 1
        return verdict


def score(seed: int, every: int) -> Score:
    """Judge the statements of a seed, each every so many days, until it is flagged or its deadline is over."""
    around, drawn = statements(seed)
    judge = _Judge()
    scored = [_scored(judge, around, statement, every) for statement in drawn]
    return Score(seed, scored, judge.seconds / judge.verdicts * 1000)


def _scored(judge: _Judge, around: World, statement: Statement, every: int) -> Scored:
    if statement.deadline is None or statement.limit_day is None:
        days: Iterable[int] = range(_FIRST_JUDGED, LAST_JUDGED, every)
        return Scored(statement.kind, False, _first_flagged(judge, statement, days))
    # Its deadline is judged whatever the pace.
    days = range(statement.deadline % every + every, statement.deadline + 1, every)
    flagged = _first_flagged(judge, statement, days)
    at_best = missed_at_best(statement.truth, statement.deadline) if statement.truth else 0.0
    if flagged is None:
        return Scored(statement.kind, True, None, missed_at_best=at_best)
    crossing = judge.verdict(statement, statement.deadline).crossing
    ahead = statement.patients_at_limit / around.drivers["active_patients"][flagged]
    told = (
        None
        if crossing is None
        else crossing.driver_at_limit / around.drivers[crossing.driver][statement.limit_day]
    )
    return Scored(statement.kind, True, flagged, statement.limit_day - flagged, float(ahead), told, at_best)


def _first_flagged(judge: _Judge, statement: Statement, days: Iterable[int]) -> int | None:
    return next((day for day in days if judge.verdict(statement, day).outlook is Outlook.GROWS), None)
