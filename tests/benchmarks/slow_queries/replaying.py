"""The incident, day by day, in a process of its own: `python -m tests.benchmarks.slow_queries.replaying`.

Works on the database of its environment, which is fresh. Prints as JSON on which day the planted query bound too many parameters,
and what was said of it week by week.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from random import Random

import django

django.setup()

from tqdm import tqdm  # noqa: E402 - once the settings are there

from clinical_engine.profiling.capture import writing  # noqa: E402
from clinical_engine.profiling.capture.rollup import roll_up  # noqa: E402
from clinical_engine.profiling.capture.units import unit_of_work  # noqa: E402
from clinical_engine.profiling.estimating.ageing import age  # noqa: E402
from clinical_engine.profiling.estimating.drivers import record_drivers  # noqa: E402
from clinical_engine.profiling.estimating.driving import estimate_due  # noqa: E402
from clinical_engine.profiling.growth.verdicts import Outlook  # noqa: E402
from clinical_engine.profiling.models import CapturedStatement  # noqa: E402
from tests.benchmarks.slow_queries import sizes  # noqa: E402
from tests.benchmarks.slow_queries.programme import Programme  # noqa: E402
from tests.benchmarks.slow_queries.weeks import MONTH, POLICY, Week  # noqa: E402

FIRST_DAY = datetime(2023, 1, 2, 18, tzinfo=UTC)
PACE = 1.03
"""A month."""
_WEEK = 7
_AFTERWARDS = 3 * _WEEK
_PATIENCE = timedelta(minutes=5)
_PLANTED = "tests/scaling/test_planted.py"
# Grow indeed: the planted query's own list, what counts up to 200,000 links for the drivers, and what reads all recorded days.
_GROW_INDEED = (
    _PLANTED,
    "patients/drivers.py",
    "clinical_engine/profiling/drivers.py",
    "clinical_engine/profiling/estimating/loading.py",
)


def main() -> None:
    """Live through it, until some weeks after the query binds more than 65,535 parameters."""
    programme = Programme(round(POLICY / PACE**sizes.MONTHS), Random(sizes.SEED))  # noqa: S311 - no secret
    last = round(sizes.MONTHS * MONTH) + _AFTERWARDS
    weeks: list[Week] = []
    fails: int | None = None
    for day in tqdm(range(0, last + 1, sizes.DAYS_APART), desc="the incident", mininterval=1):
        now = FIRST_DAY + timedelta(days=day)
        programme.grow(PACE ** (day / MONTH))
        if programme.active > POLICY:
            fails = day if fails is None else fails
        programme.work()
        _count(now)
        if not weeks or day - weeks[-1].day >= _WEEK:
            _judge(now)
            weeks.append(_week(day, programme.active))
    print(json.dumps({"fails": fails, "weeks": [asdict(week) for week in weeks]}))


def _count(now: datetime) -> None:
    """What the scheduler has a worker do all day, in the units of work that a worker makes of it."""
    writing.flush()
    with unit_of_work("task profiling.roll_up"):
        roll_up(now)
    with unit_of_work("task profiling.estimate_growth"):
        record_drivers(now)


def _judge(now: datetime) -> None:
    with unit_of_work("task profiling.estimate_growth"):
        estimate_due(now, _PATIENCE)
    with unit_of_work("task profiling.age"):
        age(now.date(), _PATIENCE)


def _week(day: int, active: int) -> Week:
    every = list(CapturedStatement.objects.all())
    flagged = [each for each in every if each.outlook == Outlook.GROWS]
    others = [each for each in every if not each.place.startswith(_GROW_INDEED)]
    planted = _planted(every)
    crossing = planted.verdict.get("crossing") if planted else None
    return Week(
        day=day,
        active=active,
        parameters=planted.parameters_most if planted else 0,
        flagged=planted in flagged,
        limit_name=crossing["limit_name"] if crossing else "",
        **{name: _day_of(crossing and crossing[name]) for name in ("on", "earliest", "latest")},
        reason=planted.verdict.get("reason", "") if planted else "",
        others=len(others),
        others_flagged=[
            f"{each.origin}, {each.place}: {each.shape[:100]}" for each in others if each in flagged
        ],
    )


def _planted(every: Sequence[CapturedStatement]) -> CapturedStatement | None:
    """The one that binds the patients; the other from there only lists them."""
    found = [each for each in every if each.place.startswith(_PLANTED) and each.parameters_most > 1]
    return found[0] if found else None


def _day_of(stored: str | None) -> int | None:
    return (datetime.fromisoformat(stored).date() - FIRST_DAY.date()).days if stored else None


if __name__ == "__main__":
    main()
