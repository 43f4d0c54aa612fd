"""The incident once more, with the capture and the estimate of today."""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from django.conf import settings

from tests.benchmarks.ledger.databases import create, environment_of
from tests.benchmarks.results import Metric, measured
from tests.benchmarks.slow_queries import incident_plot
from tests.benchmarks.slow_queries.weeks import MONTH, Week

_DATABASE = "benchmark_incident"
_PROGRAM = "tests.benchmarks.slow_queries.replaying"
_PICTURE = Path(__file__).resolve().parents[3] / "docs" / "performance" / "incident.svg"
_YEAR = 365.25


def run() -> list[Metric]:
    """Incident: the planted query of the scaling tests (`Patient.objects.filter(id__in=...)`, one parameter for each active
    patient) run for real on every seventh simulated day, among ordinary work of the API and of jobs, by a submitter whose patients
    grow by 3 % a month; captured, rolled up, and estimated once a week. It fails on the first day on which it binds more
    than 65,535 parameters, three years after the first. Flagged: the first week whose verdict is that it grows, with a day on
    which it will reach its limit. The errors are those of that day, in days: too late is positive.
    Other statements: those that cost the same whatever there is. Three years are lived through in minutes, so a machine that is
    disturbed in the meantime looks like growth to them.

    ![What was foretold, month by month](incident.svg)
    """
    create(_DATABASE)
    fails, weeks = _replayed()
    incident_plot.draw(_PICTURE, weeks, fails)
    flagged = next((week for week in weeks if week.flagged and week.on is not None), None)
    ahead = fails - flagged.day if flagged else 0
    others = {name for week in weeks for name in week.others_flagged}
    _tell(weeks, fails, others)
    return [
        measured("incident: it fails after", fails),
        measured("incident: flagged before it fails", ahead),
        *_errors(weeks, fails, flagged),
        measured("incident: other statements beside it", max(week.others for week in weeks)),
        measured("incident: other statements flagged at any time", len(others)),
        measured("incident: other statements flagged in the end", len(weeks[-1].others_flagged)),
    ]


def _errors(weeks: Sequence[Week], fails: int, flagged: Week | None) -> list[Metric]:
    named = [week for week in weeks if week.on is not None and week.day < fails]
    if not flagged or not named:
        return []
    errors = {week.day: (week.on or 0) - fails for week in named}
    year_before = min(errors, key=lambda day: abs(day - (fails - _YEAR)))
    return [
        measured("incident: error of the day foretold, when first flagged", errors[flagged.day]),
        measured("incident: error of the day foretold, a year before", errors[year_before]),
        measured(
            "incident: largest error of the day foretold in the last two years", _largest(errors, fails)
        ),
    ]


def _largest(errors: dict[int, int], fails: int) -> int:
    return max((error for day, error in errors.items() if day >= fails - 2 * _YEAR), key=abs, default=0)


def _replayed() -> tuple[int, list[Week]]:
    done = subprocess.run(
        [sys.executable, "-m", _PROGRAM],
        # What is counted is written when a simulated day ends.
        env={
            **os.environ,
            **environment_of(_DATABASE),
            "CAPTURE_EVERY_SECONDS": "86400",
            "N_PLUS_ONE_FAILS": "0",
        },
        cwd=settings.BASE_DIR,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    told = json.loads(done.stdout)
    return told["fails"], [Week(**each) for each in told["weeks"]]


def _tell(weeks: Sequence[Week], fails: int, others: set[str]) -> None:
    """Month by month."""
    month = -1
    for week in weeks:
        if int(week.day / MONTH) > month:
            month = int(week.day / MONTH)
            error = "no day" if week.on is None else f"{week.on - fails:+} days"
            print(f"month {month:2}: {week.active:,} active, flagged {week.flagged}, {error}: {week.reason}")
    for name in sorted(others):
        print(f"flagged beside it: {name}")
