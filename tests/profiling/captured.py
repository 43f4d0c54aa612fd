"""Made-up captured statements with a past, as the roll-up and the estimate would leave them."""

from collections.abc import Sequence
from datetime import date, timedelta
from itertools import count
from typing import Any

import msgspec
from django.utils import timezone

from clinical_engine.profiling.durations import bucket_of, packed
from clinical_engine.profiling.growth.verdicts import (
    Change,
    Crossing,
    Curve,
    Fit,
    Measure,
    Outlook,
    Verdict,
)
from clinical_engine.profiling.models import (
    Caller,
    CapturedStatement,
    DriverReading,
    Finding,
    FindingKind,
    Release,
    StatementDay,
)

_number = count(1)
PATIENTS = "active_patients"
# Of each patient: 20 seconds for 1.4 million.
_SECONDS = 20 / 1.4e6
ORIGIN, PLACE = "GET /api/v1/patients/{id}", "patients/selectors.py:12"
SHAPE = 'SELECT "patients_patient"."id" FROM "patients_patient" WHERE "patients_patient"."id" IN (?) LIMIT ?'


def release(name: str = "r1") -> Release:
    return Release.objects.get_or_create(name=name)[0]


def statement(**fields: Any) -> CapturedStatement:
    """A statement with a caller; `fields` are set instead of the usual ones."""
    now = timezone.now()
    usual = {
        "fingerprint": f"{next(_number):016x}",
        "shape": SHAPE,
        "first_seen_at": now - timedelta(days=90),
        "last_seen_at": now,
        "first_release": release(),
        "last_release": release(),
        "origin": ORIGIN,
        "place": PLACE,
        "calls_week": 70,
        "time_week_us": 7_000_000,
        "p95_now_us": 120_000,
        "p95_week_us": 110_000,
        "p95_quarter_us": 60_000,
        "parameters_most": 3,
        "values_most": 40,
    }
    made = CapturedStatement.objects.create(**{**usual, **fields})
    caller(made)
    return made


def caller(of: CapturedStatement, **fields: Any) -> Caller:
    seen = {"first_seen_at": of.first_seen_at, "last_seen_at": of.last_seen_at}
    usual = {
        "origin": of.origin,
        "place": of.place,
        "calls": 70,
        "time_us": 7_000_000,
        "repeated_most": 1,
        **seen,
    }
    return Caller.objects.create(statement=of, **{**usual, **fields})


def days(of: CapturedStatement, number: int = 30, releases: Sequence[str] = ("r1",)) -> None:
    """The last days, each with a few more patients and in proportion longer durations; releases follow each other evenly."""
    today = timezone.now().date()
    known = [release(name) for name in releases]
    for place in range(number):
        patients = 10_000 * (1 + place / number)
        _reading(today - timedelta(days=number - 1 - place), patients)
        StatementDay.objects.create(
            statement=of,
            day=today - timedelta(days=number - 1 - place),
            release=known[place * len(known) // number],
            durations=packed({bucket_of(patients * _SECONDS): 95, bucket_of(patients * 4 * _SECONDS): 5}),
            **_SUMS,
        )


_SUMS = {
    "calls": 100,
    "time_us": 2_000_000,
    "longest_us": 90_000,
    "rows": 250,
    "parameters_most": 3,
    "values_most": 40,
    "bytes_most": 300,
    "failures": 2,
    "timeouts": 1,
    "repeated_most": 3,
}


def _reading(day: date, value: float) -> None:
    DriverReading.objects.get_or_create(driver=PATIENTS, day=day, defaults={"value": value})


def growing(**fields: Any) -> CapturedStatement:
    """One that reaches 20 s at 1.4 million active patients, and became slower with release r2."""
    crossing = Crossing(
        measure=Measure.DURATION,
        driver=PATIENTS,
        limit=20e6,
        limit_name="time limit of a request's statement",
        driver_now=20_000,
        driver_at_limit=1_400_000,
        on=date(2028, 3, 10),
        earliest=date(2027, 10, 1),
        latest=date(2029, 1, 20),
    )
    fit = Fit(Measure.DURATION, PATIENTS, 1.02, 0.95, 1.09, 30, Curve(0.0, _SECONDS * 1e6, 1.0))
    change = Change("r2", timezone.now().date() - timedelta(days=10), 2.0)
    reason = "The duration grows with the active patients to the power of 1.0 (0.9 to 1.1)."
    verdict = Verdict(Outlook.GROWS, reason, [fit], crossing, [change])
    estimated = {
        "outlook": "grows",
        "exponent": 1.02,
        "exponent_low": 0.95,
        "exponent_high": 1.09,
        "measure": "duration",
        "driver": PATIENTS,
        "limit_name": crossing.limit_name,
        "driver_at_limit": crossing.driver_at_limit,
        "limit_on": crossing.on,
        "verdict": msgspec.to_builtins(verdict),
        "curve": [[10_000 + 400 * step, 10_000 + 400 * step] for step in range(24)],
    }
    return statement(**{**estimated, **fields})


def growing_above_a_fixed_cost(fixed: float = 40_000.0) -> CapturedStatement:
    """One that costs as much whatever there is, and a microsecond for each patient; of those there are 20,000."""
    made = growing(exponent=0.33)
    made.verdict["fits"][0] |= {"exponent": 0.33, "curve": {"fixed": fixed, "factor": 1.0, "power": 1.0}}
    made.save(update_fields=["verdict"])
    return made


def finding(of: CapturedStatement, due_in: int = 14, **fields: Any) -> Finding:
    """An open one, due in so many days."""
    usual = {
        "kind": FindingKind.GROWS,
        "told": "The duration grows with the active patients.",
        "release": "r1",
        "due_on": timezone.now().date() + timedelta(days=due_in),
    }
    return Finding.objects.create(statement=of, **{**usual, **fields})


def few(number: int) -> None:
    """So many of everything that the pages show."""
    for place in range(number):
        made = growing(
            origin=ORIGINS[place % len(ORIGINS)],
            timeouts_week=place % 2,
            failures_week=place % 2,
            repeated_most=30,
        )
        caller(made, origin="job recompute")
        finding(made, due_in=3 - place)
    days(made, number)


ORIGINS = (ORIGIN, "job associate", "task jobs.sweep", "command backfill")
