"""Days as tests need them: a cost over patients that grow by three percent a month."""

from collections.abc import Callable
from datetime import date, timedelta
from math import exp
from random import Random

from clinical_engine.profiling.growth.limits import Limits
from clinical_engine.profiling.growth.series import Day

FIRST = date(2025, 1, 1)
LIMITS = Limits(30e6, "statement timeout")


def day(number: int, patients: float, **changed: object) -> Day:
    """A day of a busy statement, but for what is changed."""
    usual: dict[str, object] = {
        "calls": 500,
        "median_us": 2_000.0,
        "middle_us": 2_000.0,
        "p95_us": 5_000.0,
        "rows": 1.0,
        "parameters": 3,
        "values": 0,
        "drivers": {"active_patients": patients, "submitters": 40.0},
        "release": "r1",
    }
    return Day(day=FIRST + timedelta(days=number), **{**usual, **changed})  # type: ignore[arg-type]


def grown(number: int) -> float:
    """The patients of a day."""
    return float(10_000 * 1.03 ** (number / 30.4))


def history(
    median_of: Callable[[int, float], float], days: int = 400, seed: int = 1, noise: float = 0.05
) -> list[Day]:
    """As many days whose middle, and median, follows from the day's number and its patients."""
    chance = Random(seed)  # noqa: S311 - no secret
    found = []
    for number in range(days):
        median = median_of(number, grown(number)) * exp(chance.gauss(0, noise))
        release = f"r{number // 20}"
        durations = {"median_us": median, "middle_us": median, "p95_us": median * 2.5}
        found.append(day(number, grown(number), **durations, release=release))
    return found
