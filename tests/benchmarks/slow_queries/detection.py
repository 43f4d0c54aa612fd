"""Which statements are said to grow, which suddenly to be slower, of a generated set that says the truth about itself."""

import argparse
import os
from collections.abc import Sequence
from concurrent.futures import Executor, ProcessPoolExecutor
from functools import partial
from statistics import median

from tqdm import tqdm

from tests.benchmarks.results import Metric, measured
from tests.benchmarks.sizes import size
from tests.benchmarks.slow_queries.generator import FLAT, GROWING
from tests.benchmarks.slow_queries.plan_changes import changes, false_alarms
from tests.benchmarks.slow_queries.scoring import Score, Scored, score

_SEEDS = os.environ.get("BENCH_SEEDS", "1 2")
_EVERY = size("BENCH_JUDGED_EVERY", 28)
_CHANGES = size("BENCH_PLAN_CHANGES", 50)
_WITHIN = 50


def run() -> list[Metric]:
    """Growth: 60 statements whose cost grows with the patients and 300 whose cost does not, over three simulated years, judged
    every 28 days and on the last day that is in time; worst of the seeds (`BENCH_SEEDS="1 2"`). A growing one must be flagged 30
    days and a factor of two in patients before its limit. The oracle knows the noise of each and the days of its releases. Changes
    of plan: executions until noticed, of statements that become 4 to 50 times as slow. What the generator draws:
    docs/decisions/growth.md.
    """
    return measured_with([int(seed) for seed in _SEEDS.split()], _EVERY)


def measured_with(seeds: Sequence[int], every: int) -> list[Metric]:
    """The figures of those seeds, judged each so many days; a line for every kind is printed."""
    with ProcessPoolExecutor() as processes:
        scored = processes.map(partial(score, every=every), seeds)
        scores = list(tqdm(scored, desc="growth, by seed", mininterval=1, total=len(seeds)))
        plans = _plans(seeds, processes)
    for each in scores:
        _print(each)
    growing = [one for each in scores for one in each.statements if one.grows]
    flagged = [one for one in growing if one.flagged is not None]
    headrooms = [one.headroom for one in flagged if one.headroom is not None]
    return [
        measured(
            "growing statements flagged in time, least of the seeds", 60 - max(each.missed for each in scores)
        ),
        measured(
            "growing statements that an oracle flags in time, expected, least of the seeds",
            60 - max(sum(one.missed_at_best for one in each.statements) for each in scores),
        ),
        measured("growing statements, least days ahead of the limit", min(one.days_ahead for one in flagged)),
        measured(
            "growing statements, least factor ahead of the limit", min(one.factor_ahead for one in flagged)
        ),
        measured(
            "growing statements, median factor ahead of the limit",
            median(one.factor_ahead for one in flagged),
        ),
        measured("growing statements, patients at the limit, told / true, median", median(headrooms)),
        measured(
            "flat statements flagged at any time, most of the seeds",
            max(each.false_alarms for each in scores) / 300 * 100,
        ),
        *plans,
        measured("verdict on one statement, processor time", max(each.milliseconds for each in scores)),
    ]


def _plans(seeds: Sequence[int], processes: Executor) -> list[Metric]:
    noticed = [count for of_seed in processes.map(_noticed, seeds) for count in of_seed]
    quiet, restless = (
        max(processes.map(partial(false_alarms, count=_CHANGES, slow_spells=spells), seeds)) * 100
        for spells in (0.0, 4.0)
    )
    return [
        measured(
            "changes of plan noticed within 50 executions",
            sum(count <= _WITHIN for count in noticed) / len(noticed) * 100,
        ),
        measured("changes of plan, executions until noticed, median", median(noticed)),
        measured("statements taken for changed in a year, without slow days", quiet),
        measured("statements taken for changed in a year, with four slow spells", restless),
    ]


def _noticed(seed: int) -> list[int]:
    return [each.executions for each in changes(seed, _CHANGES)]


def _print(score: Score) -> None:
    print(f"seed {score.seed}: {score.missed} of 60 missed, {score.false_alarms} of 300 false alarms")
    for kind in GROWING:
        print(f"  {kind}: {_ahead(score.of(kind))}")
    for kind in FLAT:
        of_kind = score.of(kind)
        print(f"  {kind}: {sum(not one.right for one in of_kind)} of {len(of_kind)} false alarms")


def _ahead(of_kind: Sequence[Scored]) -> str:
    flagged = [one for one in of_kind if one.flagged is not None]
    if not flagged:
        return f"0 of {len(of_kind)} flagged"
    days, factors = [one.days_ahead for one in flagged], [one.factor_ahead for one in flagged]
    return (
        f"{len(flagged)} of {len(of_kind)} flagged, days ahead {min(days)} (median {median(days):.0f}), "
        f"factor ahead {min(factors):.1f} (median {median(factors):.1f})"
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("seeds", nargs="+", type=int)
    parser.add_argument("--every", type=int, default=_EVERY, help="days between two verdicts on a statement")
    chosen = parser.parse_args()
    for metric in measured_with(chosen.seeds, chosen.every):
        print(f"{metric.metric}: {metric.value:g} {metric.unit}")
