"""The script engine alone: a run and a compilation of NEWS2, every attack, and a million scripts broken at random."""

import json
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from random import Random
from statistics import median
from time import thread_time
from typing import Any

from tqdm import tqdm

from observations.engine import Input, compile_script
from tests.benchmarks.results import Metric, measured
from tests.benchmarks.sizes import size
from tests.observations.engine.attacking import CASES, Attacked
from tests.observations.engine.mutations import run_many
from tests.observations.engine.news2 import NORMAL, SOURCE

_ROUNDS = size("BENCH_ENGINE_ROUNDS", 500)
_MUTANTS = size("BENCH_ENGINE_MUTANTS", 1_000_000)
_PATIENTS = 200


def run() -> list[Metric]:
    """Engine: microseconds of a run of NEWS2 and of the same written in plain Python, patients of chance, interleaved, the median
    of the rounds; the ratio is that of each round. A run takes its readings in and checks them. Compilation: from the source to
    what can be run. All of it is CPU time. Attacks: the worst of each bound (CPU time, the best of up to five tries; growth of
    resident memory at its peak), in a process that may not grow by more than 64 MB. Mutants: NEWS2 and a script on glucose, each
    changed in one to eight places.
    """
    return [*_news2(), *_attacks(), *_mutants()]


def _news2() -> list[Metric]:
    script = compile_script(SOURCE, NORMAL.keys())
    patients = _patients()
    if any(script.run(patient).value != news2(**patient) for patient in patients):
        raise RuntimeError("The engine and plain Python do not agree on NEWS2.")
    ours: list[float] = []
    plain: list[float] = []
    compiling: list[float] = []
    for _ in tqdm(range(_ROUNDS), desc="NEWS2", mininterval=1):
        ours.append(_microseconds(script.run, patients))
        plain.append(_microseconds(lambda patient: news2(**patient), patients))
        compiling.append(_microseconds(lambda _: compile_script(SOURCE, NORMAL.keys()), patients[:20]))
    return [
        measured("NEWS2, one run", median(ours)),
        measured("NEWS2 in plain Python, one run", median(plain)),
        measured(
            "NEWS2, run / plain Python", median(one / other for one, other in zip(ours, plain, strict=True))
        ),
        measured("NEWS2, compilation", median(compiling) / 1000),
    ]


def _microseconds(work: Callable[[dict[str, Any]], object], patients: Sequence[dict[str, Any]]) -> float:
    started = thread_time()
    for patient in patients:
        work(patient)
    return (thread_time() - started) / len(patients) * 1e6


def _patients() -> list[dict[str, Any]]:
    chance = Random(7)  # noqa: S311 - no secret
    return [
        {
            "respiration_rate": chance.randint(5, 30),
            "spo2": chance.randint(80, 100),
            "on_oxygen": chance.random() < 0.3,
            "spo2_scale": chance.choice((1, 1, 2)),
            "systolic_bp": chance.randint(80, 225),
            "pulse": chance.randint(35, 140),
            "consciousness": chance.choice("AAAV"),
            "temperature": round(chance.uniform(34, 40), 1),
        }
        for _ in range(_PATIENTS)
    ]


def news2(  # noqa: PLR0913 - the readings of the score
    *,
    respiration_rate: float,
    spo2: float,
    on_oxygen: bool,
    spo2_scale: int,
    systolic_bp: float,
    pulse: float,
    consciousness: str,
    temperature: float,
) -> Mapping[str, Input]:
    """The score as someone would write it by hand who trusts what comes in."""
    parts = [
        _points(respiration_rate, ((8, 3), (11, 1), (20, 0), (24, 2)), 3),
        _saturation(spo2, spo2_scale, on_oxygen=on_oxygen),
        2 if on_oxygen else 0,
        _points(systolic_bp, ((90, 3), (100, 2), (110, 1), (219, 0)), 3),
        _points(pulse, ((40, 3), (50, 1), (90, 0), (110, 1), (130, 2)), 3),
        0 if consciousness == "A" else 3,
        _points(temperature, ((35.0, 3), (36.0, 1), (38.0, 0), (39.0, 1)), 2),
    ]
    score = sum(parts)
    return {"score": score, "risk": _risk(score, parts)}


def _points(value: float, limits: Sequence[tuple[float, int]], above: int) -> int:
    for limit, points in limits:
        if value <= limit:
            return points
    return above


def _saturation(spo2: float, scale: int, *, on_oxygen: bool) -> int:
    if scale == 2 and on_oxygen and spo2 >= 93:
        return _points(spo2, ((94, 1), (96, 2)), 3)
    if scale == 2:
        return _points(spo2, ((83, 3), (85, 2), (87, 1)), 0)
    return _points(spo2, ((91, 3), (93, 2), (95, 1)), 0)


def _risk(score: int, parts: Sequence[int]) -> str:
    if score >= 7:
        return "high"
    if score >= 5:
        return "medium"
    return "low-medium" if 3 in parts else "low"


def _attacks() -> list[Metric]:
    command = [sys.executable, "-m", "tests.observations.engine.attacking", "0/1"]
    process = subprocess.run(command, capture_output=True, text=True, check=False)
    attacks = [Attacked(*json.loads(line)) for line in process.stdout.splitlines()]
    return [
        measured("attacks", len(attacks)),
        measured("attacks that the process did not outlive", len(CASES) - len(attacks)),
        measured("attacks, the slowest", max(attack.milliseconds for attack in attacks)),
        measured("attacks, the largest growth", max(attack.megabytes for attack in attacks)),
    ]


def _mutants() -> list[Metric]:
    outcomes = run_many(_MUTANTS)
    return [
        # One unexpected exception ends the benchmark.
        measured("mutated scripts without an unexpected exception", outcomes.total()),
        measured("mutated scripts that ran", outcomes.total() - outcomes["ScriptRefused"]),
    ]
