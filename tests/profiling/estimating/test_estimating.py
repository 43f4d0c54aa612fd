"""From statements that are captured over months to a finding with a date."""

from datetime import UTC, date, datetime, time, timedelta

import pytest

from clinical_engine.common.database import fetch_all
from clinical_engine.profiling import drivers
from clinical_engine.profiling.capture import batches, storing
from clinical_engine.profiling.capture.rollup import roll_up
from clinical_engine.profiling.capture.units import unit_of_work
from clinical_engine.profiling.drivers import Driver
from clinical_engine.profiling.estimating.ageing import age
from clinical_engine.profiling.estimating.drivers import record_drivers
from clinical_engine.profiling.estimating.driving import estimate_due
from clinical_engine.profiling.models import (
    CapturedBatch,
    CapturedStatement,
    DriverReading,
    Finding,
    FindingKind,
)
from clinical_engine.profiling.models.captured import Outlook
from tests.profiling.capture.support import capturing
from tests.profiling.written import batch, ran

pytestmark = pytest.mark.django_db
START = date(2025, 1, 1)
A_DAY = timedelta(days=1)
LONG = timedelta(minutes=5)
GROWING, FLAT = "SELECT id FROM auth_user WHERE id = ANY(%s)", "SELECT a FROM stays WHERE id = %s"


class Patients:
    """A driver that a test moves."""

    number = 10_000.0

    def read(self) -> float:
        return self.number


@pytest.fixture
def patients(monkeypatch: pytest.MonkeyPatch) -> Patients:
    made = Patients()
    only = Driver("active_patients", "active patients", made.read)
    monkeypatch.setattr(drivers, "_drivers", {only.name: only})
    return made


def at(day: date) -> datetime:
    return datetime.combine(day, time(12), UTC)


def test_a_query_that_grows_over_months_is_found_with_a_date_long_before_it_fails(patients: Patients) -> None:
    for number in range(0, 400, 4):
        now = at(START + number * A_DAY)
        patients.number = 10_000 * 1.03 ** (number / 30)
        with capturing() as noted, unit_of_work("job associate"):
            fetch_all(GROWING, [list(range(int(patients.number)))])
        CapturedBatch.objects.create(format=batches.FORMAT, content=noted.content())
        batch(ran(0.02 * (1 + (number * 7 % 11 - 5) / 40), FLAT) for _ in range(5))
        record_drivers(now)
        roll_up(now=now)
    now = at(START + 400 * A_DAY)
    age(now.date(), LONG)
    assert estimate_due(now, LONG) == 2
    growing, flat = (
        CapturedStatement.objects.get(shape__contains=word) for word in ("FROM auth_user", "stays")
    )
    assert growing.outlook == Outlook.GROWS
    assert (growing.driver, growing.origin) == ("active_patients", "job associate")
    assert growing.exponent == pytest.approx(1, abs=0.2)
    assert growing.limit_on is not None
    # 65,535 values: 10,000 x 1.03 ^ (days / 30).
    true = START + timedelta(days=30 * 63.6)
    assert abs(growing.limit_on - true) < (true - now.date()) / 8
    assert growing.curve[-1][0] == pytest.approx(patients.number, rel=0.01)
    finding = Finding.objects.get(kind=FindingKind.GROWS)
    assert finding.statement == growing
    assert f"{growing.limit_on:%B %Y}" in finding.told
    assert flat.outlook != Outlook.GROWS


def test_each_statement_is_estimated_once_a_day(patients: Patients) -> None:
    batch([ran()])
    roll_up(now=at(START))
    assert estimate_due(at(START), LONG) == 1
    assert estimate_due(at(START), LONG) == 0
    assert estimate_due(at(START + A_DAY), LONG) == 1
    found = CapturedStatement.objects.get()
    assert (found.outlook, found.estimated_on) == (Outlook.TOO_LITTLE_DATA, START + A_DAY)


def test_more_statements_than_fit_into_one_transaction_are_all_estimated(patients: Patients) -> None:
    batch([ran(text=f"SELECT {'x' * n}") for n in range(1, 251)])
    roll_up(now=at(START))
    assert estimate_due(at(START), LONG) == 250
    assert not CapturedStatement.objects.exclude(estimated_on=START).exists()


def test_without_time_nothing_is_estimated(patients: Patients) -> None:
    batch([ran()])
    roll_up(now=at(START))
    assert estimate_due(at(START), timedelta(0)) == 0


def test_statements_that_had_no_room_are_not_estimated(
    patients: Patients, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(storing, "MOST_STATEMENTS", 0)
    batch([ran()])
    roll_up(now=at(START))
    assert CapturedStatement.objects.count() == 1
    assert estimate_due(at(START), LONG) == 0


def test_a_statement_that_runs_no_more_has_no_figures_of_this_week(patients: Patients) -> None:
    batch([ran(5.0, sqlstate="57014")])
    roll_up(now=at(START))
    estimate_due(at(START + 8 * A_DAY), LONG)
    found = CapturedStatement.objects.get()
    assert (found.calls_day, found.calls_week, found.time_week_us, found.timeouts_week) == (0, 0, 0, 0)
    assert found.p95_week_us is None
    assert found.p95_quarter_us is not None


def test_days_in_the_future_of_a_clock_that_was_wrong_are_not_judged(patients: Patients) -> None:
    batch([ran(9.0)])
    roll_up(now=at(START + 900 * A_DAY))
    batch([ran()])
    roll_up(now=at(START))
    estimate_due(at(START), LONG)
    found = CapturedStatement.objects.get()
    assert found.p95_quarter_us is not None
    assert found.p95_quarter_us < 20_000


def test_a_driver_is_kept_once_a_day_as_it_was_last(patients: Patients) -> None:
    record_drivers(at(START))
    patients.number = 12_000
    record_drivers(at(START))
    record_drivers(at(START + A_DAY))
    assert list(DriverReading.objects.order_by("day").values_list("day", "value")) == [
        (START, 12_000),
        (START + A_DAY, 12_000),
    ]
